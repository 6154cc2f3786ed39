import { createHash } from 'node:crypto'
import { canonicalJson, isJsonObject, type Json } from '../../shared/json.ts'
import { isSealed } from '../model/value.ts'

/**
 * A text or list that is too large for an event is stored once for its run, and the event refers to it by digest: the hash
 * chain covers the digest, and the digest covers the content. All of it in the stored form of `stored-text.ts`, in which
 * nobody else can write such a reference.
 */
export interface Payload {
  digest: string
  /** RFC 8785 text of the value. */
  content: string
}

/** What stands for a payload in an event; `size` is that of its content in bytes. */
export interface PayloadReference {
  $blob: string
  size: number
}

/** Bytes of JSON above which a text or list is stored apart. */
export const payloadLimit = 64 * 1024

/** The value with references in the place of what is too large, and what they refer to. `text` is the JSON of the value. */
export function setApart(value: Json, text: string): { value: Json; payloads: Payload[] } {
  // No character takes more than three bytes for each of its code units.
  if (text.length * 3 <= payloadLimit || Buffer.byteLength(text) <= payloadLimit) return { value, payloads: [] }
  const payloads = new Map<string, Payload>()
  const walk = (part: Json): Json => {
    if (typeof part === 'string' || Array.isArray(part) || isSealed(part)) {
      const content = canonicalJson(part)
      const size = Buffer.byteLength(content)
      if (size <= payloadLimit) return part
      const digest = digestOf(content)
      payloads.set(digest, { digest, content })
      return { $blob: digest, size }
    }
    if (!isJsonObject(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, walk(member)]))
  }
  return { value: walk(value), payloads: [...payloads.values()] }
}

/** The digests that a stored value refers to. */
export function referencesIn(value: Json): PayloadReference[] {
  if (isPayloadReference(value)) return [value]
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  return isJsonObject(value) ? Object.values(value).flatMap(referencesIn) : []
}

/** The value with the content of each reference in its place; one whose content is unknown stays as it is. */
export function putBack(value: Json, contents: ReadonlyMap<string, Json>): Json {
  if (isPayloadReference(value)) return contents.get(value.$blob) ?? value
  if (Array.isArray(value)) return value.map((item) => putBack(item, contents))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, putBack(member, contents)]))
}

/** True when the content is the one that a digest, and a size, stand for. */
export function isContentOf({ $blob, size }: PayloadReference, content: string): boolean {
  return digestOf(content) === $blob && Buffer.byteLength(content) === size
}

function digestOf(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

function isPayloadReference(value: Json): value is { $blob: string; size: number } {
  return isJsonObject(value) && typeof value.$blob === 'string' && typeof value.size === 'number'
}
