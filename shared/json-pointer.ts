import { isJsonObject, type Json } from './json.ts'

/** Splits an RFC 6901 pointer into its unescaped tokens; `''` is the whole document. Throws on a pointer without a leading slash. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new SyntaxError(`"${pointer}" is not a JSON pointer: it must start with "/"`)
  const tokens = pointer.slice(1).split('/')
  return pointer.includes('~') ? tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')) : tokens
}

/** Joins tokens into an RFC 6901 pointer. */
export function formatPointer(tokens: readonly (string | number)[]): string {
  let pointer = ''
  for (const token of tokens) pointer += `/${typeof token === 'number' ? token : escaped(token)}`
  return pointer
}

/** Nearly no token needs it. */
function escaped(token: string): string {
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token
}

/** The value at a pointer, or undefined where nothing is. Own properties only. */
export function getAt(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document
  for (const token of parsePointer(pointer)) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined
    else if (isJsonObject(value)) value = Object.hasOwn(value, token) ? value[token] : undefined
    else return undefined
  }
  return value
}

/** Every concrete pointer that a pattern names in a document; the token `*` stands for every index of an array. */
export function matchPointers(document: Json, pattern: string): string[] {
  let found: { tokens: string[]; value: Json }[] = [{ tokens: [], value: document }]
  for (const token of parsePointer(pattern)) {
    found = found.flatMap(({ tokens, value }) => {
      if (Array.isArray(value)) {
        const indices = token === '*' ? value.map((_, index) => String(index)) : [token]
        return indices.flatMap((index) => {
          const item = value[Number(index)]
          return item === undefined ? [] : [{ tokens: [...tokens, index], value: item }]
        })
      }
      if (!isJsonObject(value) || !Object.hasOwn(value, token)) return []
      const item = value[token]
      return item === undefined ? [] : [{ tokens: [...tokens, token], value: item }]
    })
  }
  return found.map(({ tokens }) => formatPointer(tokens))
}

/** A copy of the document in which the value at each pattern's matches was replaced by `change(value, pointer)`. */
export function mapAt(
  document: Json,
  patterns: readonly string[],
  change: (value: Json, pointer: string) => Json,
): Json {
  const copy = structuredClone(document)
  for (const pattern of patterns) {
    for (const pointer of matchPointers(copy, pattern)) {
      const tokens = parsePointer(pointer)
      const last = tokens.at(-1)
      const current = getAt(copy, pointer)
      if (current === undefined) continue
      if (last === undefined) return change(copy, '')
      const parent = getAt(copy, formatPointer(tokens.slice(0, -1)))
      if (Array.isArray(parent)) parent[Number(last)] = change(current, pointer)
      else if (isJsonObject(parent)) parent[last] = change(current, pointer)
    }
  }
  return copy
}
