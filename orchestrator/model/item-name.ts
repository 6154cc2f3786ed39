import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt, parsePointer } from '../../shared/json-pointer.ts'
import { inputProperties } from './input-facts.ts'
import { redactSealed, sealedText } from './seal.ts'

/**
 * What people call one item of a list, such as a customer by its name: the value whose fact ends in `.name` where a schema
 * says which that is, else the nearest `name` or `title`, else the first text. Nothing sealed, and nothing for an item that
 * holds no text.
 */
export function itemName(item: Json, schema: JsonObject = {}): string | undefined {
  const shown = redactSealed(item)
  const [byFact] = inputProperties(schema)
    .filter(({ fact }) => fact?.endsWith('.name'))
    .flatMap(({ pointer }) => textOf(getAt(shown, pointer)) ?? [])
  return byFact ?? nearest(shown, (key) => key === 'name' || key === 'title') ?? nearest(shown, () => true)
}

/** The schema of the items of a list in a goal's input, which a reference such as `/input/customers` names. */
export function itemSchema(input: JsonObject, listReference: string): JsonObject | undefined {
  const [root, ...tokens] = parsePointer(listReference)
  if (root !== 'input') return undefined
  const schema = getAt(input, formatPointer([...tokens.flatMap((token) => ['properties', token]), 'items']))
  return isJsonObject(schema) ? schema : undefined
}

/** The first text under a key that fits, level by level. */
function nearest(item: Json, fits: (key: string) => boolean): string | undefined {
  let level: [string, Json][] = [['', item]]
  while (level.length > 0) {
    const [found] = level.flatMap(([key, value]) => (fits(key) ? (textOf(value) ?? []) : []))
    if (found !== undefined) return found
    level = level.flatMap(([, value]) => (isJsonObject(value) ? Object.entries(value) : []))
  }
  return undefined
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' && value !== sealedText ? value : undefined
}
