import { hash } from 'node:crypto'
import { canonicalJson, type Json } from '../../shared/json.ts'

/** What the hash of an event covers; `data` in its stored form. */
export interface HashedFields {
  run_id: string
  seq: number
  type: string
  v: number
  data: Json
  /** Milliseconds since 1970. */
  at_ms: number
  /** Hex. */
  prev_hash: string
}

/** What the first event of every run is chained to. */
export const genesisHash = '0'.repeat(64)

/** SHA-256, in hex, over the RFC 8785 JSON of `[run_id, seq, type, v, data, at_ms, prev_hash]`. */
export function hashEvent({ data, ...fields }: HashedFields): string {
  return hashText(fields, canonicalJson(data))
}

/** The same where the RFC 8785 text of the data is known already. */
export function hashText({ run_id, seq, type, v, at_ms, prev_hash }: Omit<HashedFields, 'data'>, text: string): string {
  // Of such scalars JSON has one form, which is that of RFC 8785.
  const before = JSON.stringify([run_id, seq, type, v]).slice(0, -1)
  const after = JSON.stringify([at_ms, prev_hash]).slice(1)
  return hash('sha256', `${before},${text},${after}`, 'hex')
}
