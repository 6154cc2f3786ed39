import type { Mode } from '../model/event.ts'
import type { HeldRun, Pursuits, WatchRun } from './pursuits.ts'
import type { Wakes } from './wakes.ts'

/**
 * What wakes runs, as a worker uses it: Postgres by default, so that another engine can stand behind it. A run is due once
 * it has something to do and nobody holds it.
 */
export interface DueRuns {
  /** Holds up to `most` runs that are due, those that wait longest first. */
  claim(most: number, mode: Mode): Promise<HeldRun[]>
  /** When the next run becomes due by itself. */
  nextDue(mode: Mode): Promise<Date | undefined>
}

export interface WorkerOptions {
  due: DueRuns
  /** Only runs of this mode are pursued. */
  mode: Mode
  pursuits: Pick<Pursuits, 'pursue'>
  wakes: Wakes
  /** How many runs are pursued at once. */
  most: number
  /** Told of every run; the watch is that of the run. */
  watch?(runId: string): WatchRun
  /** Told when a run could not be pursued, or due runs could not be found: the record is away, say. The worker goes on. */
  onTrouble(error: unknown, runId?: string): void
}

export interface Worker {
  /** Lets every run go at once; who takes it up finds out what became of its calls. */
  stop(): void
  /** Lets calls in flight settle, up to `graceMs`, then lets every run go. */
  close(graceMs: number): Promise<void>
}

/** How long nothing happens at most, where no notice comes. */
const idleMs = 1_000

/** Back-offs longer than this are for whoever claims the run when they are over. */
const longestPauseMs = 2_000

/** Pursues whatever runs are due, until it is closed. */
export function startWorker({ due, mode, pursuits, wakes, most, watch, onTrouble }: WorkerOptions): Worker {
  const drain = new AbortController()
  const stop = new AbortController()
  const active = new Set<Promise<void>>()

  const pursue = async (held: HeldRun): Promise<void> => {
    try {
      const options = { signal: stop.signal, drain: drain.signal, longestPauseMs, ...watch?.(held.run_id) }
      await pursuits.pursue(held, options)
    } catch (error) {
      onTrouble(error, held.run_id)
    }
  }

  const claim = async (): Promise<boolean> => {
    const held = await due.claim(most - active.size, mode)
    for (const one of held) {
      const pursuit = pursue(one).finally(() => active.delete(pursuit))
      active.add(pursuit)
    }
    return held.length > 0
  }

  const untilOneRests = () => Promise.race([...active])

  const rest = async (): Promise<void> => {
    const next = await due.nextDue(mode)
    const untilDue = next === undefined ? idleMs : next.getTime() - Date.now()
    await wakes.nextOfAny(Math.max(20, Math.min(idleMs, untilDue)), drain.signal)
  }

  const work = async (): Promise<void> => {
    while (!drain.signal.aborted) {
      try {
        if (active.size >= most) await untilOneRests()
        else if (!(await claim())) await rest()
      } catch (error) {
        onTrouble(error)
        await wakes.nextOfAny(idleMs, drain.signal)
      }
    }
  }

  const working = work()
  return {
    stop: () => stop.abort(),
    async close(graceMs) {
      drain.abort()
      const timer = setTimeout(() => stop.abort(), graceMs)
      await working
      await Promise.all(active)
      clearTimeout(timer)
    },
  }
}
