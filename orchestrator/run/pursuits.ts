import type { Event } from '../model/event.ts'
import { fold, type Situation } from '../model/situation.ts'
import { advance } from './advance.ts'
import type { Parts } from './parts.ts'
import { askAgainMs } from './wake-at.ts'
import type { Wakes } from './wakes.ts'

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
  read(runId: string): Promise<Event[]>
  /** Records that the run is to end, whoever pursues it. */
  cancel(runId: string, reason: unknown): Promise<void>
  /** Lets go of what the journal keeps of a run. */
  forget(runId: string): void
  partsOf(watch: WatchRun): Parts
  wakes: Wakes
}

/** Told as a run goes on: its events, each once, and how far its calls are. */
export type WatchRun = Pick<Parts, 'onEvent' | 'onProgress'>

export interface PursueOptions extends WatchRun {
  /** Stops at once, without ending the run. */
  signal: AbortSignal
  /** Stops cleanly: calls in flight settle first. */
  drain?: AbortSignal
  /** Ends the run; the reason is `{ by, why }`. Heard only where the run is pursued here. */
  cancel?: AbortSignal
  longestPauseMs?: number
}

/** How often a run that somebody else pursues is looked at, where no notice comes. */
const lookMs = 500

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
    while (!options.signal.aborted && !options.drain?.aborted) {
      const held = await this.parts.take(runId)
      const situation =
        'heldBy' in held ? await this.look(runId, tell) : await this.pursue(held, { ...options, onEvent: tell })
      if (rests(situation)) return situation
      if ('heldBy' in held) {
        if (options.cancel?.aborted && !cancelled) await this.parts.cancel(runId, options.cancel.reason)
        cancelled = options.cancel?.aborted === true
        await this.parts.wakes.next(runId, lookMs, options.signal)
      } else if (options.longestPauseMs !== undefined) return situation
    }
    return undefined
  }

  /** Pursues a run that is held already, and lets it go however that ends. */
  async pursue(held: HeldRun, options: PursueOptions): Promise<Situation> {
    const { parts } = this
    const { run_id: runId } = held
    let again: Date | undefined
    try {
      const situation = await advance(runId, parts.partsOf(options), {
        signal: options.signal,
        cancel: options.cancel ?? new AbortController().signal,
        // What is in flight may still settle: if somebody else has taken over, the fence says so.
        drain: options.drain ? AbortSignal.any([options.drain, held.lost]) : held.lost,
        ...(options.longestPauseMs === undefined ? {} : { longestPauseMs: options.longestPauseMs }),
        onWake: (listener) => parts.wakes.on(runId, listener),
        isOurs: () => held.confirm(),
      })
      const asks = [...situation.waits.values()].some(({ call_id }) => call_id !== undefined)
      if (asks) again = new Date(Date.now() + askAgainMs)
      const parent = situation.finished && situation.created.parent
      if (parent) await parts.wake(parent.run_id)
      return situation
    } finally {
      parts.forget(runId)
      await held.release(again)
    }
  }

  private async look(runId: string, tell: (event: Event, situation: Situation) => void): Promise<Situation> {
    const events = await this.parts.read(runId)
    const situation = fold(events)
    for (const event of events) tell(event, situation)
    return situation
  }
}

/** True where a run has ended, or only a person, an instant or another run lets it go on. */
export function rests({ finished, status }: Situation): boolean {
  return finished !== undefined || status === 'waiting'
}
