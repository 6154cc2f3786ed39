import { canonicalJson, type Json } from '../../shared/json.ts'
import type { Draft, Event } from '../model/event.ts'
import type { EventRow } from './batch.ts'
import { genesisHash, hashEvent } from './hash.ts'
import { type Payload, setApart } from './payloads.ts'
import { toStored } from './stored-text.ts'

/** The end of a run's chain, after which the next event is put. */
export interface Head {
  seq: number
  hash: string
}

/** Before the first event of a run. */
export const startOfChain: Head = { seq: 0, hash: genesisHash }

/** The version of the shape of every event that this release writes. */
const version = 1

/** Chains drafts, whose data is plain JSON, to the end of their run: as events for who appended them, and as rows for Postgres, with the payloads
 * that they refer to. */
export function chainEvents(
  { run_id, tenant, head, at }: { run_id: string; tenant: string; head: Head; at: Date },
  drafts: readonly Draft[],
): { events: Event[]; rows: EventRow[]; payloads: Payload[]; head: Head } {
  const events: Event[] = []
  const rows: EventRow[] = []
  const payloads: Payload[] = []
  let { seq, hash } = head
  for (const { type, data } of drafts) {
    const whole = toStored(data as unknown as Json)
    const wholeText = canonicalJson(whole)
    const stored = setApart(whole, wholeText)
    const text = stored.payloads.length === 0 ? wholeText : canonicalJson(stored.value)
    const prev_hash = hash
    seq += 1
    hash = hashEvent({ run_id, seq, type, v: version, data: stored.value, at_ms: at.getTime(), prev_hash }, text)
    const place = { run_id, seq, type, v: version, at: at.toISOString(), prev_hash, hash, tenant }
    events.push({ ...place, data } as Event)
    rows.push({ ...place, data: text })
    payloads.push(...stored.payloads)
  }
  return { events, rows, payloads, head: { seq, hash } }
}
