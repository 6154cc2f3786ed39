/** The bad days of Slack that can be rehearsed. */
export const faults = {
  limited: 'answers 429 with Retry-After twice, then fine',
  revoked: 'answers invalid_auth until cleared',
  lost: 'posts the next message and drops the connection before saying so',
}
