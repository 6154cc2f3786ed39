import { isJsonObject, type Json } from '../../shared/json.ts'
import { formatPointer, parsePointer } from '../../shared/json-pointer.ts'
import { isSealed } from '../model/value.ts'

/** True where a marked pattern names the value at these tokens or something that holds it; `*` stands for any index. */
export function covers(patterns: readonly string[], tokens: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const marked = parsePointer(pattern)
    return marked.length <= tokens.length && marked.every((token, index) => token === '*' || token === tokens[index])
  })
}

/** The pointer of every sealed leaf in a value. */
export function sealedIn(value: Json, tokens: readonly string[] = []): string[] {
  if (isSealed(value)) return [formatPointer(tokens)]
  if (Array.isArray(value)) return value.flatMap((item, index) => sealedIn(item, [...tokens, String(index)]))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) => sealedIn(item, [...tokens, key]))
}
