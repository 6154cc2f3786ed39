import { hash } from 'node:crypto'

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** True for a plain JSON object, false for arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The RFC 8785 (JCS) text of a value: the one form in which Remit hashes JSON. Undefined members are left out. Throws on
 * what JSON cannot hold, and on what would have to be turned into JSON first, such as a Date.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return canonicalText(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonicalJson: JSON holds no ${value}`)
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? canonicalList(value) : canonicalObject(value)
    default:
      throw new TypeError(`canonicalJson: JSON holds no ${typeof value}`)
  }
}

function canonicalList(list: readonly unknown[]): string {
  let text = ''
  for (const item of list) text += `${text === '' ? '[' : ','}${canonicalJson(item)}`
  return text === '' ? '[]' : `${text}]`
}

function canonicalObject(object: object): string {
  if ('toJSON' in object && typeof object.toJSON === 'function')
    throw new TypeError('canonicalJson: the value is not plain JSON')
  let text = ''
  for (const key of inCodeUnitOrder(Object.keys(object))) {
    const member = (object as Record<string, unknown>)[key]
    if (member !== undefined) text += `${text === '' ? '{' : ','}${canonicalText(key)}:${canonicalJson(member)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** Sorts in place by UTF-16 code units, as RFC 8785 asks. For few keys, `sort` costs more in memory than in comparisons. */
export function inCodeUnitOrder(keys: string[]): string[] {
  if (keys.length > 32) return keys.sort()
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] as string
    let place = index
    for (; place > 0 && (keys[place - 1] as string) > key; place -= 1) keys[place] = keys[place - 1] as string
    keys[place] = key
  }
  return keys
}

/** What JSON writes otherwise than as it is, and surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const special = /["\\\u0000-\u001f\ud800-\udfff]/

function canonicalText(text: string): string {
  if (!special.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw new TypeError('canonicalJson: JSON holds no lone surrogate')
  return JSON.stringify(text)
}

/** `sha256:<hex>` over the RFC 8785 text of a value. */
export function digest(value: unknown): string {
  return `sha256:${hash('sha256', canonicalJson(value), 'hex')}`
}
