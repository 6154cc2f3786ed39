import type { Mode } from '../model/event.ts'
import { Bell } from './bell.ts'
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
  /**
   * Told when a run could not be pursued; and once, until it is over, when the record is away or due runs cannot be found.
   * The worker goes on.
   */
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

/** Runs are looked for no more often than this, however often the worker is woken: what is due by then is taken together. */
const apartMs = 20

/** A run that seems due and is not to be had is somebody else's for the moment, or due by another clock. */
const elsewhereMs = 250

/** Back-offs longer than this are for whoever claims the run when they are over. */
const longestPauseMs = 2_000

/** Pursues whatever runs are due, until it is closed. */
export function startWorker({ due, mode, pursuits, wakes, most, watch, onTrouble }: WorkerOptions): Worker {
  const drain = new AbortController()
  const stop = new AbortController()
  const active = new Set<Promise<void>>()
  /** Rung when a run may have become due, and when there is room for one more. */
  const bell = new Bell()
  const pause = (forMs: number) => new Bell().heard(forMs, drain.signal)
  let told: string | undefined
  const tellOnce = (error: unknown) => {
    const message = String(error)
    if (message !== told) onTrouble(error)
    told = message
  }

  const pursue = async (held: HeldRun): Promise<void> => {
    try {
      await pursuits.pursue(held, {
        signal: stop.signal,
        drain: drain.signal,
        longestPauseMs,
        // A worker is there for as long as it is not asked to stop, and what calls have answered is nowhere else.
        longestOutageMs: Number.POSITIVE_INFINITY,
        onAway: tellOnce,
        ...watch?.(held.run_id),
      })
    } catch (error) {
      onTrouble(error, held.run_id)
    }
  }

  /** True where there may be more. */
  const claim = async (): Promise<boolean> => {
    const room = most - active.size
    const held = await due.claim(room, mode)
    for (const one of held) {
      const pursuit = pursue(one).finally(() => {
        if (active.size === most) bell.ring()
        active.delete(pursuit)
      })
      active.add(pursuit)
    }
    return held.length === room
  }

  const rest = async (): Promise<void> => {
    const next = await due.nextDue(mode)
    const untilDue = next === undefined ? idleMs : next.getTime() - Date.now()
    await bell.heard(untilDue > 0 ? Math.min(idleMs, untilDue) : elsewhereMs, drain.signal)
  }

  const work = async (): Promise<void> => {
    const off = wakes.onAny(() => bell.ring())
    while (!drain.signal.aborted) {
      try {
        if (active.size >= most) await bell.heard(idleMs, drain.signal)
        else {
          const mayBeMore = await claim()
          told = undefined
          if (!mayBeMore) await rest()
        }
        await pause(apartMs)
      } catch (error) {
        tellOnce(error)
        await pause(idleMs)
      }
    }
    off()
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
