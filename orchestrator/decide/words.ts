const stopWords = new Set(
  (
    'a an and are as at be by can could do for from get give have help how i in into is it its me my need of on or please ' +
    'so that the their them then there this to using want was we what when where which will with would you your'
  ).split(' '),
)

/** English endings and what is left of a word without them; the first that fits is taken off. */
const endings = [
  ['ations', 'ate'],
  ['ation', 'ate'],
  ['ies', 'y'],
  ['sses', 'ss'],
  ['ing', ''],
  ['edly', ''],
  ['ed', ''],
  ['ers', 'er'],
  ['es', 'e'],
  ['s', ''],
] as const

/** The words of a text for search: camelCase and snake_case taken apart, stop words dropped, endings taken off. */
export function wordsOf(text: string): string[] {
  const apart = text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  const words =
    apart
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return words.filter((word) => !stopWords.has(word)).map(stem)
}

/** `subscriptions`, `subscription` → `subscription`; `creating`, `created`, `create` → `creat`. Crude, and the same for queries and tools. */
function stem(word: string): string {
  if (word.length <= 3) return word
  const found = endings.find(
    ([ending]) => word.endsWith(ending) && word.length - ending.length >= 3 && !isStem(word, ending),
  )
  if (!found) return word.replace(/e$/, '')
  const [ending, rest] = found
  const short = word.slice(0, -ending.length) + rest
  return short.replace(/([^aeiouls])\1$/, '$1').replace(/e$/, '')
}

/** The "s" of "access", "status" or "analysis" is no ending. */
function isStem(word: string, ending: string): boolean {
  return ending === 's' && /(ss|us|is)$/.test(word)
}
