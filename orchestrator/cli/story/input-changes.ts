import { isJsonObject, type Json } from '../../../shared/json.ts'
import { digestSealed, redactSealed } from '../../model/seal.ts'
import { isSealed } from '../../model/value.ts'
import { cell } from '../text/cell.ts'

/** Each value of an input that a person changed, as `seats 25 → 30`. Sealed values are compared and not shown. */
export function inputChanges(before: Json, after: Json, path = ''): string[] {
  if (isJsonObject(before) && isJsonObject(after) && !isSealed(before) && !isSealed(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) =>
      inputChanges(before[key] ?? null, after[key] ?? null, path === '' ? key : `${path}.${key}`),
    )
  }
  if (digestSealed(before) === digestSealed(after)) return []
  return [`${path} ${shown(before)} → ${shown(after)}`]
}

function shown(value: Json): string {
  return value === null ? '(nothing)' : cell(redactSealed(value))
}
