import type { Json } from '../../shared/json.ts'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Event } from '../model/event.ts'
import { putBack, referencesIn } from './payloads.ts'
import { fromStored } from './stored-text.ts'

/** An event as it lies in the record: `data` in its stored form, hashes in hex. */
export interface StoredEvent {
  run_id: string
  seq: number
  type: string
  v: number
  data: Json
  at: Date
  prev_hash: string
  hash: string
  tenant: string
}

/** Which events of a run to read, and how. */
export interface ReadOptions {
  /** Those after this place alone. */
  after?: number
  /** `references`: large values stay as they are stored, `{"$blob": digest, "size": bytes}`; `whole` unless said. */
  payloads?: 'whole' | 'references'
}

/** The events of a run, in order. */
export async function readEvents(
  sql: Sql,
  run_id: string,
  { after = 0, payloads = 'whole' }: ReadOptions,
): Promise<Event[]> {
  const rows = await sql<StoredEvent[]>`
    SELECT run_id, seq, type, v, data, at, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash, tenant
    FROM remit.events WHERE run_id = ${run_id} AND seq > ${after} ORDER BY seq`
  const contents = payloads === 'whole' ? await contentsOf(sql, run_id, rows) : new Map<string, Json>()
  return rows.map(({ data, at, ...row }) => {
    const whole = contents.size === 0 ? data : putBack(data, contents)
    return { ...row, data: fromStored(whole), at: at.toISOString() } as Event
  })
}

async function contentsOf(sql: Sql, run_id: string, rows: readonly StoredEvent[]): Promise<Map<string, Json>> {
  const wanted = new Set(rows.flatMap(({ data }) => referencesIn(data)).map(({ $blob }) => $blob))
  if (wanted.size === 0) return new Map()
  const found = await sql<{ digest: string; content: string }[]>`
    SELECT digest, content FROM remit.payloads WHERE run_id = ${run_id} AND digest = ANY (${arrayOf([...wanted])}::text[])`
  for (const { digest } of found) wanted.delete(digest)
  const [missing] = wanted
  if (missing !== undefined)
    throw new Error(`run ${run_id}: the payload ${missing} is missing from the record: restore it from a backup`)
  return new Map(found.map(({ digest, content }) => [digest, JSON.parse(content) as Json]))
}
