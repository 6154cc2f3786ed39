import type { Event } from '../model/event.ts'
import { apply, fold, type Situation } from '../model/situation.ts'
import { advance } from './advance.ts'
import { AnswerError } from './answer.ts'
import type { Parts, UntilStopped } from './parts.ts'
import { askAgainMs } from './wake-at.ts'
import type { Wakes } from './wakes.ts'
import { isAway } from './while-away.ts'

/** The right to pursue a run, for as long as it is renewed. */
export interface HeldRun {
  readonly run_id: string
  /** Aborted once the run may be somebody else's. */
  readonly lost: AbortSignal
  /** Asks the record whether the run is still ours. */
  confirm(): Promise<boolean>
  /** `again`: when it is due next, where nobody woke it meanwhile and its record does not say. */
  release(again?: Date): Promise<void>
}

/** What pursuing runs stands on; `parts` of one run tell whoever watches it. */
export interface PursuitParts {
  take(runId: string): Promise<HeldRun | { heldBy: string }>
  /** Makes a run due and tells whoever pursues it. */
  wake(runId: string): Promise<void>
  /** The events of a run after one of them; all where it is 0. */
  read(runId: string, after: number): Promise<Event[]>
  /** Records that the run is to end, whoever pursues it. Throws an {@link AnswerError} where it ends, or has ended, anyway. */
  cancel(runId: string, reason: unknown): Promise<void>
  /** Lets go of what the journal keeps of a run. */
  forget(runId: string): void
  partsOf(watch: WatchRun): Parts
  wakes: Wakes
}

/** Told as a run goes on: its events, each once, and how far its calls are. */
export type WatchRun = Pick<Parts, 'onEvent' | 'onProgress'>

export interface PursueOptions extends WatchRun, UntilStopped {
  /** Ends the run; the reason is `{ by, why }`. Heard only where the run is pursued here. */
  cancel?: AbortSignal
  /** True where the run that this one is a part of waits here for what comes of it, so that nobody need wake that one. */
  forParent?: boolean
}

/** How often a run that somebody else pursues is looked at, where no notice comes. */
const lookMs = 500

/** A run that cannot be pursued, whatever is the matter with it, is left alone for this long: others are due, too. */
const faultyAgainMs = 15_000

/** Pursues runs here, one pursuit of a run at a time, or follows whoever pursues them. */
export class Pursuits {
  private readonly parts: PursuitParts

  constructor(parts: PursuitParts) {
    this.parts = parts
  }

  /** Pursues the run, or follows who does, until it rests: it has ended or waits. Undefined where that was stopped first. */
  async untilItRests(runId: string, options: PursueOptions): Promise<Situation | undefined> {
    const told = { seq: 0 }
    let cancelled = false
    const tell = (event: Event, situation: Situation) => {
      // Who watches a run watches those of its sub-goals, too; only its own events can come twice.
      if (event.run_id === runId) {
        if (event.seq <= told.seq) return
        told.seq = event.seq
      }
      options.onEvent?.(event, situation)
    }
    let seen: Situation | undefined
    while (!options.signal.aborted && !options.drain?.aborted) {
      const held = await this.parts.take(runId)
      if ('heldBy' in held) {
        seen = await this.look(runId, seen, tell)
        if (rests(seen)) return seen
        if (options.cancel?.aborted && !cancelled) await this.cancel(runId, options.cancel.reason)
        cancelled = options.cancel?.aborted === true
        // Whoever pursues the run wakes the one that it is a part of once it has ended.
        const { parent } = seen.created
        await this.parts.wakes.next(parent ? [runId, parent.run_id] : [runId], lookMs, options.signal)
      } else {
        seen = undefined
        const situation = await this.pursue(held, { ...options, onEvent: tell })
        if (options.signal.aborted) return undefined
        if (rests(situation)) return situation
      }
    }
    return undefined
  }

  /**
   * Pursues a run that is held already, and lets it go however that ends: before it rests, too, where a pause would be longer
   * than `longestPauseMs`, or the run is not ours any more.
   */
  async pursue(held: HeldRun, options: PursueOptions & { longestPauseMs?: number }): Promise<Situation> {
    const { parts } = this
    const { run_id: runId } = held
    let again: Date | undefined
    try {
      const situation = await advance(runId, parts.partsOf(watchOf(options)), {
        signal: options.signal,
        cancel: options.cancel ?? new AbortController().signal,
        // What is in flight may still settle: if somebody else has taken over, the fence says so.
        drain: options.drain ? AbortSignal.any([options.drain, held.lost]) : held.lost,
        ...(options.longestPauseMs === undefined ? {} : { longestPauseMs: options.longestPauseMs }),
        ...(options.longestOutageMs === undefined ? {} : { longestOutageMs: options.longestOutageMs }),
        ...(options.onAway ? { onAway: options.onAway } : {}),
        onWake: (listener) => parts.wakes.on(runId, listener),
        isOurs: () => held.confirm(),
      })
      again = dueAgain(situation)
      const parent = situation.finished && !options.forParent && situation.created.parent
      if (parent) await parts.wake(parent.run_id)
      return situation
    } catch (error) {
      if (!isAway(error)) again = new Date(Date.now() + faultyAgainMs)
      throw error
    } finally {
      parts.forget(runId)
      await held.release(again)
    }
  }

  /** Reads what has been appended since the run was seen last. */
  private async look(
    runId: string,
    seen: Situation | undefined,
    tell: (event: Event, situation: Situation) => void,
  ): Promise<Situation> {
    const events = await this.parts.read(runId, seen?.seq ?? 0)
    const situation = seen ?? fold(events)
    if (seen) for (const event of events) apply(seen, event)
    for (const event of events) tell(event, situation)
    return situation
  }

  private async cancel(runId: string, reason: unknown): Promise<void> {
    try {
      await this.parts.cancel(runId, reason)
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error
    }
  }
}

/** Who watches, and nothing else of what a run is pursued with: all of this is handed to the runs of its sub-goals. */
function watchOf({ onEvent, onProgress }: PursueOptions): WatchRun {
  return { ...(onEvent && { onEvent }), ...(onProgress && { onProgress }) }
}

/** A run that waits for sub-goals is looked after now and then, should no notice come. */
function dueAgain({ status, waits }: Situation): Date | undefined {
  const asks = [...waits.values()].some(({ call_id }) => call_id !== undefined)
  return status === 'waiting' && asks ? new Date(Date.now() + askAgainMs) : undefined
}

/** True where a run has ended, or only a person, an instant or another run lets it go on. */
export function rests({ finished, status }: Situation): boolean {
  return finished !== undefined || status === 'waiting'
}
