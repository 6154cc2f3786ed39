import type { Json } from '../../../shared/json.ts'

/** A JSON value in one line: texts as they are, everything else as JSON. */
export function cell(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
