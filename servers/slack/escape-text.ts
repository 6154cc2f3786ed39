/**
 * Makes text harmless to Slack's markup: `<!channel>` mentions nobody and `<https://evil.example|Acme>` is no link,
 * because in mrkdwn both need angle brackets. These three characters are all that Slack's documentation asks to escape.
 */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
