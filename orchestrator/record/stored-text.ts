import { isJsonObject, type Json } from '../../shared/json.ts'

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
 * Whether a value is JSON as it stands and lies in the record as it is, as nearly all do: to look costs a fraction of a
 * copy. Throws where it is nested deeper than readers can bear.
 */
export function isStoredAsIs(value: unknown, depth = 0): value is Json {
  if (depth > deepest) throw new RangeError(`an event is nested more than ${deepest} levels deep`)
  if (typeof value === 'string') return !suspicious.test(value)
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || value === null) return value === null || typeof value === 'boolean'
  if (Array.isArray(value)) return value.every((item) => isStoredAsIs(item, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key of Object.keys(value)) {
    if (key === '$blob' || suspicious.test(key)) return false
    if (!isStoredAsIs((value as Record<string, unknown>)[key], depth + 1)) return false
  }
  return true
}

/** Nearly no value holds any of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const suspicious = /[\u0000\u001a\ud800-\udfff]/

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
