import type { Json } from '../../shared/json.ts'
import type { Head } from './chain.ts'
import { hashEvent } from './hash.ts'
import type { SignedHead } from './signing.ts'

/** One thing that is wrong with the record; `seq` is 0 where it is not about one event. */
export interface RecordProblem {
  run_id: string
  seq: number
  what: string
}

/** An event as its hash covers it, with the hash that is stored; `data` in its stored form. */
export interface ChainedEvent {
  run_id: string
  seq: number
  type: string
  v: number
  data: Json
  at: Date
  prev_hash: string
  hash: string
}

/** What is wrong with an event as the next one of its chain. */
export function checkLink({ at, hash, ...event }: ChainedEvent, before: Head): string[] {
  const wrong: string[] = []
  if (event.seq !== before.seq + 1) wrong.push(`events ${before.seq + 1} to ${event.seq - 1} are missing`)
  else if (event.prev_hash !== before.hash) wrong.push('the event does not follow the one before it')
  if (hashEvent({ ...event, at_ms: at.getTime() }) !== hash)
    wrong.push('the event was altered: its hash does not fit its content')
  return wrong
}

/** Where chains were signed. */
export class SignedPlaces {
  private readonly byRun = new Map<string, { hashes: Map<number, string>; last: number }>()
  /** How many places are signed. */
  count = 0

  constructor(heads: Iterable<SignedHead>) {
    for (const [run_id, seq, hash] of heads) {
      const signed = this.byRun.get(run_id) ?? { hashes: new Map<number, string>(), last: 0 }
      if (!signed.hashes.has(seq)) this.count += 1
      signed.hashes.set(seq, hash)
      signed.last = Math.max(signed.last, seq)
      this.byRun.set(run_id, signed)
    }
  }

  /** The last place of a run that is signed, 0 for none. */
  lastOf(run_id: string): number {
    return this.byRun.get(run_id)?.last ?? 0
  }

  /** What is wrong with an event that was signed. */
  check({ run_id, seq, hash }: Pick<ChainedEvent, 'run_id' | 'seq' | 'hash'>): string[] {
    const signed = this.byRun.get(run_id)?.hashes.get(seq)
    return signed === undefined || signed === hash ? [] : ['this event is not the one that was signed']
  }

  /** What was signed of chains that are shorter now; `lengthOf` says how long each is. */
  missing(lengthOf: (run_id: string) => number): RecordProblem[] {
    return [...this.byRun].flatMap(([run_id, { last }]) => {
      const length = lengthOf(run_id)
      if (last <= length) return []
      return [{ run_id, seq: last, what: `events ${length + 1} to ${last} were signed and are missing` }]
    })
  }
}
