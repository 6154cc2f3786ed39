import type { Event } from '../model/event.ts'
import type { EventRow } from './batch.ts'
import { genesisHash, hashText } from './hash.ts'
import type { StoredDraft } from './stored-draft.ts'

/** The end of a run's chain, after which the next event is put. */
export interface Head {
  seq: number
  hash: string
}

/** Before the first event of a run. */
export const startOfChain: Head = { seq: 0, hash: genesisHash }

/** The version of the shape of every event that this release writes. */
const version = 1

/** Chains drafts to the end of their run: as events for who appended them, and as rows for Postgres. */
export function chainEvents(
  { run_id, tenant, head, at }: { run_id: string; tenant: string; head: Head; at: Date },
  drafts: readonly StoredDraft[],
): { events: Event[]; rows: EventRow[]; head: Head } {
  const events: Event[] = []
  const rows: EventRow[] = []
  const at_ms = at.getTime()
  const instant = at.toISOString()
  let { seq, hash } = head
  for (const { type, data, text } of drafts) {
    const prev_hash = hash
    seq += 1
    hash = hashText({ run_id, seq, type, v: version, at_ms, prev_hash }, text)
    const place = { run_id, seq, type, v: version, at: instant, prev_hash, hash, tenant }
    events.push({ ...place, data } as unknown as Event)
    rows.push({ ...place, data: text })
  }
  return { events, rows, head: { seq, hash } }
}
