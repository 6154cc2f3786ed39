import { createHash } from 'node:crypto'
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
export function hashEvent({ run_id, seq, type, v, data, at_ms, prev_hash }: HashedFields): string {
  return createHash('sha256')
    .update(canonicalJson([run_id, seq, type, v, data, at_ms, prev_hash]))
    .digest('hex')
}
