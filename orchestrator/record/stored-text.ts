import { inCodeUnitOrder, isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'

/**
 * Postgres's jsonb refuses NUL and lone surrogates. In the record each such code unit, and the escape character U+001A
 * itself, is written as U+001A and four hex digits; hashes are over that form, and reading turns it back.
 */
const escapeCharacter = '\u001a'

/** NUL, the escape character, and surrogates without their other half. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const unstorable = /[\u0000\u001a]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character
const escaped = /\u001a([0-9a-f]{4})/g

/**
 * The JSON value as it lies in the record. Keys count like texts, and the key `$blob` is escaped as well: in a stored value
 * it belongs to the journal alone.
 */
export function toStored(value: Json): Json {
  const isPlain = !someText(value, (text) => suspicious.test(text) || text === '$blob')
  return isPlain ? value : mapTexts(value, toStoredText, (key) => (key === '$blob' ? escapedBlob : toStoredText(key)))
}

/** Readers of the record recurse, and so does Postgres. */
const deepest = 1_000

/**
 * A value that is JSON as it stands and lies in the record as it is, as nearly all do, with the keys of every object in the
 * order of RFC 8785: `JSON.stringify` then writes its canonical text, several times faster than code of ours. Undefined for
 * any other value, and where an object cannot keep that order. Throws where a value is nested deeper than readers can bear.
 */
export function inStoredOrder(value: unknown, depth = 0): Json | undefined {
  if (depth > deepest) throw new RangeError(`an event is nested more than ${deepest} levels deep`)
  if (typeof value === 'string') return suspicious.test(value) ? undefined : value
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : undefined
  if (typeof value !== 'object' || value === null)
    return value === null || typeof value === 'boolean' ? value : undefined
  if (Array.isArray(value)) return listInStoredOrder(value, depth)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const ordered: JsonObject = {}
  for (const key of inCodeUnitOrder(Object.keys(value))) {
    if (unfitKey.test(key)) return undefined
    const member = inStoredOrder((value as Record<string, unknown>)[key], depth + 1)
    if (member === undefined) return undefined
    ordered[key] = member
  }
  return ordered
}

function listInStoredOrder(list: readonly unknown[], depth: number): Json[] | undefined {
  const ordered: Json[] = []
  for (const item of list) {
    const element = inStoredOrder(item, depth + 1)
    if (element === undefined) return undefined
    ordered.push(element)
  }
  return ordered
}

/** Nearly no value holds any of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const suspicious = /[\u0000\u001a\ud800-\udfff]/

/** Keys that are not stored as they are, come first in an object wherever they are put (`7`), or are none of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const unfitKey = /[\u0000\u001a\ud800-\udfff]|^\$blob$|^\d|^__proto__$/

const escapedBlob = `${escapeCharacter}0024blob`

function toStoredText(text: string): string {
  return text.replace(unstorable, (unit) => `${escapeCharacter}${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The JSON value that was stored. */
export function fromStored(value: Json): Json {
  if (!someText(value, (text) => text.includes(escapeCharacter))) return value
  return mapTexts(value, (text) =>
    text.replace(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
  )
}

/** Whether one of the texts or keys in a value, at any depth, is such a one. */
function someText(value: Json, is: (text: string) => boolean): boolean {
  if (typeof value === 'string') return is(value)
  if (Array.isArray(value)) return value.some((item) => someText(item, is))
  if (!isJsonObject(value)) return false
  return Object.entries(value).some(([key, item]) => is(key) || someText(item, is))
}

function mapTexts(value: Json, change: (text: string) => string, changeKey = change): Json {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change, changeKey))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [changeKey(key), mapTexts(item, change, changeKey)]))
}
