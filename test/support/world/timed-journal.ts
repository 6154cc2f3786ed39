import type { Draft, Event } from '../../../orchestrator/model/event.ts'
import type { RunJournal } from '../../../orchestrator/run/parts.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** How long an append takes to be durable: calls in flight go on meanwhile. */
const commitMs = 2

/** A journal in memory whose commits take virtual time. */
export class TimedJournal implements RunJournal {
  private readonly events: Event[] = []
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.clock = clock
  }

  async read(): Promise<Event[]> {
    return structuredClone(this.events)
  }

  async append(run_id: string, drafts: Draft[]): Promise<Event[]> {
    const stored = structuredClone(drafts)
    await this.clock.sleepUntil(new Date(this.clock.now().getTime() + commitMs))
    const place = { run_id, v: 1, at: this.clock.now().toISOString(), prev_hash: '', hash: '', tenant: 'default' }
    const events = stored.map((each, index) => ({ ...each, ...place, seq: this.events.length + 1 + index }))
    this.events.push(...events)
    return events
  }
}
