import type { Parts } from '../../../orchestrator/run/parts.ts'

/** Nothing is under way and nothing is due: what is waited for will never come. */
export class StalledError extends Error {
  override readonly name = 'StalledError'
}

interface Timer {
  at: number
  ring(): void
}

/**
 * Time that passes only when everybody waits for it: then it jumps to the next instant that anything is due. Hours of
 * back-off cost nothing, and the order in which things happen is the same each time.
 */
export class VirtualClock {
  private at: number
  private timers: Timer[] = []
  private readonly realWork = new Set<Promise<unknown>>()

  constructor(start = '2026-01-01T00:00:00.000Z') {
    this.at = Date.parse(start)
  }

  now(): Date {
    return new Date(this.at)
  }

  /** The clock as a run is advanced with it. */
  get forRuns(): Parts['clock'] {
    return { now: () => this.now(), sleepUntil: (instant, signal) => this.sleepUntil(instant, signal) }
  }

  /** Lets something happen at an instant, or now where that has passed; the function returned takes it back. */
  schedule(instant: number, ring: () => void): () => void {
    const timer = { at: Math.max(instant, this.at), ring }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** Resolves at an instant, or as soon as the signal aborts. */
  sleepUntil(instant: Date, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const takeBack = this.schedule(instant.getTime(), resolve)
      signal?.addEventListener(
        'abort',
        () => {
          takeBack()
          resolve()
        },
        { once: true },
      )
    })
  }

  /** Time stands still while something happens outside of this process, such as a commit. */
  standStill<Result>(work: Promise<Result>): Promise<Result> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    )
    this.realWork.add(settled)
    void settled.then(() => this.realWork.delete(settled))
    return work
  }

  /** Lets time pass until the work is done. Throws a {@link StalledError} where it never will be. */
  async passUntil<Result>(work: Promise<Result>): Promise<Result> {
    let done = false
    const settled = work.then(
      () => {
        done = true
      },
      () => {
        done = true
      },
    )
    for (;;) {
      await everythingElse()
      if (done) return work
      if (this.realWork.size > 0) await Promise.race([settled, ...this.realWork])
      else if (!this.jump()) throw new StalledError(`nothing is due any more at ${this.now().toISOString()}`)
    }
  }

  /** Lets everything happen that is still due. */
  async runOut(): Promise<void> {
    do await everythingElse()
    while (this.jump())
  }

  /** Moves on to the next instant that something is due, and lets that one thing happen. */
  private jump(): boolean {
    const [next] = this.timers.toSorted((a, b) => a.at - b.at)
    if (!next) return false
    this.timers = this.timers.filter((other) => other !== next)
    this.at = Math.max(this.at, next.at)
    next.ring()
    return true
  }
}

/** Promises that can settle without time passing have settled after this. */
function everythingElse(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
