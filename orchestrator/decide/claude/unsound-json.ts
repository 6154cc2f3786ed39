import type { Issue } from '../../../shared/failure.ts'
import type { Json } from '../../../shared/json.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'

/** No tool takes arguments that nest deeper, and what walks through values need not be afraid of them. */
export const deepestNesting = 32

/**
 * What in JSON that a model wrote nothing can be done with: nesting without end, half a character (a lone surrogate, which
 * no record can hold), and the one name that is no field of an object. Undefined where it is sound.
 */
export function unsoundIn(value: Json, tokens: readonly (string | number)[] = []): Issue | undefined {
  const fault = (message: string): Issue => ({ path: formatPointer(tokens.slice(0, 8)), message })
  if (typeof value === 'string')
    return value.isWellFormed() ? undefined : fault('holds half a character (a lone surrogate)')
  if (typeof value !== 'object' || value === null) return undefined
  if (tokens.length >= deepestNesting) return fault(`nests deeper than ${deepestNesting}`)
  for (const [key, part] of Object.entries(value)) {
    if (!key.isWellFormed()) return fault('holds half a character (a lone surrogate) in a name')
    if (key === '__proto__') return fault('has a field named __proto__, which no tool takes')
    const found = unsoundIn(part as Json, [...tokens, key])
    if (found) return found
  }
  return undefined
}
