import type { Draft } from '../../../orchestrator/model/event.ts'
import type { Parts, RunJournal } from '../../../orchestrator/run/parts.ts'

/**
 * When a worker is killed, as a count of the boundaries that it comes to. One that is `dead` never does anything again; one
 * that dozes stands still until its successor begins, and one that sleeps until its successor has come to rest.
 */
export interface Kill {
  at: number
  how: 'dead' | 'dozing' | 'asleep'
}

/**
 * A worker that can be killed at each boundary of what it does: before, during and after each append and
 * each call, before each decision and in each pause. What it had asked of a system by then happens there all the same.
 */
export class MortalWorker {
  /** The boundaries that it came to, in order, in words. */
  readonly boundaries: string[] = []
  private readonly kill: Kill | undefined
  private readonly fate = Promise.withResolvers<'killed'>()
  private readonly sleep = Promise.withResolvers<void>()
  private isKilled = false

  constructor(kill?: Kill) {
    this.kill = kill
  }

  /** Resolves when it is killed; never, where it is not. */
  get killed(): Promise<'killed'> {
    return this.fate.promise
  }

  /** Lets it go on, unless it is dead. */
  wake(): void {
    if (this.kill?.how === 'dead') return
    this.isKilled = false
    this.sleep.resolve()
  }

  /** The parts of a run in the hands of this worker. */
  partsOf(parts: Parts): Parts {
    const { gateway, reasoner, clock } = parts
    return {
      ...parts,
      journal: this.journalOf(parts.journal),
      gateway: {
        call: async (request, options) => {
          const name = `${request.server}.${request.tool}`
          await this.passes(`before the call ${name}`)
          const reply = gateway.call(request, options)
          await this.passes(`during the call ${name}`)
          const result = await reply
          await this.passes(`after the call ${name}`)
          return result
        },
      },
      reasoner: {
        ...reasoner,
        decide: async (...asked) => {
          await this.passes('before the decision')
          return reasoner.decide(...asked)
        },
      },
      clock: {
        now: clock.now,
        sleepUntil: async (instant, signal) => {
          await this.passes(`in the pause until ${instant.toISOString()}`)
          await clock.sleepUntil(instant, signal)
          await this.whileKilled()
        },
      },
    }
  }

  private journalOf(journal: RunJournal): RunJournal {
    return {
      read: async (run) => {
        await this.whileKilled()
        return journal.read(run)
      },
      append: async (run, drafts, change) => {
        const what = drafts.map(inWords).join(', ')
        await this.passes(`before the append of ${what}`)
        const stored = journal.append(run, drafts, change)
        // Nobody hears of it where the worker dies meanwhile.
        stored.catch(() => {})
        await this.passes(`during the append of ${what}`)
        const events = await stored
        await this.passes(`after the append of ${what}`)
        return events
      },
    }
  }

  private async passes(boundary: string): Promise<void> {
    await this.whileKilled()
    this.boundaries.push(boundary)
    if (this.boundaries.length !== this.kill?.at) return
    this.isKilled = true
    this.fate.resolve('killed')
    await this.whileKilled()
  }

  /** A dead worker never gets past this. */
  private async whileKilled(): Promise<void> {
    if (this.isKilled) await this.sleep.promise
  }
}

function inWords({ type, data }: Draft): string {
  return 'call_id' in data && 'tool' in data ? `${type} (${data.tool})` : type
}
