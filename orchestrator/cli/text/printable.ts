/**
 * What a terminal would act on instead of showing it, or would show as nothing: controls (ANSI escapes start with one),
 * characters that turn the direction of writing or have no width, line separators, private use, lone surrogates.
 * The joiners U+200C and U+200D stay: scripts and emoji need them, and they move nothing.
 */
const unprintable =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** The text with everything that a terminal would not simply show written out, such as `\u{202e}`. Doing it twice changes nothing. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0
    return named[character] ?? `\\u{${code.toString(16).padStart(4, '0')}}`
  })
}
