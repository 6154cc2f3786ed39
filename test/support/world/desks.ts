import type { Event } from '../../../orchestrator/model/event.ts'
import type { Journal } from '../../../orchestrator/record/journal.ts'
import { FenceLostError } from '../../../orchestrator/record/record-errors.ts'
import { OvertakenError, type RunJournal } from '../../../orchestrator/run/parts.ts'
import type { VirtualClock } from './virtual-clock.ts'

/**
 * The journals of one day, each for one worker alone: two who share one would not be told apart by the fence. Time stands
 * still while one is at work.
 */
export class Desks {
  private readonly journals: readonly Journal[]
  private readonly clock: VirtualClock
  private taken = 0

  constructor({ journals, clock }: { journals: readonly Journal[]; clock: VirtualClock }) {
    this.journals = journals
    this.clock = clock
  }

  /** One more worker's journal, as a run is advanced with it. */
  next(): RunJournal & Pick<Journal, 'create'> {
    const journal = this.nextJournal()
    return {
      create: (...run) => this.clock.standStill(journal.create(...run)),
      read: (run) => this.clock.standStill(journal.adopt(run)),
      append: (run, drafts, change) => this.clock.standStill(journal.append(run, drafts, change)).catch(asOvertaken),
    }
  }

  /** What is recorded of a run, which nobody takes up for that. */
  recorded(runId: string): Promise<Event[]> {
    const [first] = this.journals
    return first ? this.clock.standStill(first.read(runId)) : Promise.resolve([])
  }

  release(runId: string): void {
    for (const journal of this.journals) journal.release(runId)
  }

  private nextJournal(): Journal {
    const journal = this.journals[this.taken++]
    if (!journal) throw new RangeError(`the day takes more than ${this.journals.length} journals`)
    return journal
  }
}

function asOvertaken(error: unknown): never {
  throw error instanceof FenceLostError ? new OvertakenError(error.message, { cause: error }) : error
}
