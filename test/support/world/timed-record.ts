import type { Draft, Event } from '../../../orchestrator/model/event.ts'
import { OvertakenError, type RunJournal } from '../../../orchestrator/run/parts.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** How long an append takes to be durable: calls in flight go on meanwhile. */
const commitMs = 2

/** The record of one run in memory, whose commits take virtual time and which has the fence of the real one. */
export class TimedRecord {
  private readonly events: Event[] = []
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.clock = clock
  }

  stored(): Event[] {
    return structuredClone(this.events)
  }

  /** A journal of one worker: it goes on after what it read last, and is overtaken where somebody else did so before. */
  open(): RunJournal {
    let head = 0
    return {
      read: async () => {
        head = this.events.length
        return this.stored()
      },
      peek: async (_, after) => this.stored().slice(after),
      append: async (run_id: string, drafts: Draft[]) => {
        const copied = structuredClone(drafts)
        await this.clock.sleepUntil(new Date(this.clock.now().getTime() + commitMs))
        if (head !== this.events.length) throw new OvertakenError(`run ${run_id} has grown meanwhile`)
        const place = { run_id, v: 1, at: this.clock.now().toISOString(), prev_hash: '', hash: '', tenant: 'default' }
        const events = copied.map((each, index) => ({ ...each, ...place, seq: head + 1 + index }))
        this.events.push(...events)
        head = this.events.length
        return events
      },
    }
  }
}
