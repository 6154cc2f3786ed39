import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** True for a plain JSON object, false for arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The RFC 8785 (JCS) text of a value: the one form in which Remit hashes JSON. Throws on what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('canonicalJson: the value is not JSON')
  return text
}

/** `sha256:<hex>` over the RFC 8785 text of a value. */
export function digest(value: unknown): string {
  return `sha256:${hash('sha256', canonicalJson(value), 'hex')}`
}
