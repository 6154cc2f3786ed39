import type { Draft, Event } from '../model/event.ts'
import type { Owner } from '../model/run.ts'
import type { RunJournal } from './parts.ts'

/** The journal of one run that nothing keeps: it lives as long as its process, and proves nothing. */
export class MemoryJournal implements RunJournal {
  private readonly events: Event[] = []
  private readonly tenant: string
  private readonly now: () => Date

  constructor({ tenant }: Pick<Owner, 'tenant'>, now: () => Date) {
    this.tenant = tenant
    this.now = now
  }

  async read(): Promise<Event[]> {
    return structuredClone(this.events)
  }

  async append(run_id: string, drafts: readonly Draft[]): Promise<Event[]> {
    const at = this.now().toISOString()
    const events = structuredClone(drafts).map((draft, index) => ({
      ...draft,
      run_id,
      seq: this.events.length + 1 + index,
      v: 1,
      at,
      prev_hash: '',
      hash: '',
      tenant: this.tenant,
    }))
    this.events.push(...events)
    return structuredClone(events)
  }
}
