import type { RunJournal } from '../orchestrator/run/parts.ts'

/**
 * Time in units of one call's latency, for one run: it moves on only once the run can do nothing more without it, so that
 * what is counted is what waits for what, however slow the machine is.
 */
export class UnitClock {
  now = 0
  private appending = 0
  private sleepers: (() => void)[] = []
  private looking = false

  /** Resolves one unit later. */
  sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.sleepers.push(resolve)
      this.look()
    })
  }

  /** The journal, watched: while an append is under way the run is not done with this unit. */
  watch(journal: RunJournal): RunJournal {
    return {
      read: (runId) => journal.read(runId),
      append: async (...args) => {
        this.appending += 1
        try {
          return await journal.append(...args)
        } finally {
          this.appending -= 1
          this.look()
        }
      },
    }
  }

  /** What follows from an append or a reply happens before the next turn of the event loop. */
  private look(): void {
    if (this.looking) return
    this.looking = true
    setImmediate(() => {
      this.looking = false
      if (this.appending > 0 || this.sleepers.length === 0) return
      this.now += 1
      for (const wake of this.sleepers.splice(0)) wake()
    })
  }
}
