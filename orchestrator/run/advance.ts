import type { CallResult } from '../model/call.ts'
import type { Draft } from '../model/event.ts'
import { type CallState, fold, type Situation } from '../model/situation.ts'
import { goalServer } from '../model/sub-goals.ts'
import { Calls } from './calls.ts'
import { draftsOf } from './drafts-of.ts'
import { isStopping, nextStep, type Step, unsettledCalls } from './next-step.ts'
import { OvertakenError, type Parts } from './parts.ts'
import { lostCall, settleCall } from './settle.ts'
import { decide, takeDecision } from './take-decision.ts'
import { Taking } from './taking.ts'
import { wakeAt } from './wake-at.ts'

/**
 * Pursues a run until it ends, or only a person, an instant or another run can let it go on, and returns the situation it is
 * in then. The journal is the state: nothing is called before its intent is durable, and what a settled call made ready is
 * intended in the same append.
 *
 * Throws what the journal throws: then nothing in memory counts, and the record is the truth.
 */
export async function advance(runId: string, parts: Parts, options: AdvanceOptions): Promise<Situation> {
  const pursuit = new Pursuit(fold(await parts.journal.read(runId)), parts, options)
  const off = options.onWake?.(() => pursuit.wake())
  try {
    return await pursuit.untilItRests()
  } finally {
    off?.()
  }
}

export interface AdvanceOptions {
  /** Stops the pursuit without ending the run: whoever takes it over finds out what became of the calls in flight. */
  signal: AbortSignal
  /** Ends the run: calls in flight settle, then all is undone. The reason of the abort is `{ by, why }`. */
  cancel: AbortSignal
  /** Stops the pursuit cleanly: nothing more starts, and calls in flight settle first. */
  drain?: AbortSignal
  /** Calls back when somebody else has appended to the run, or something that it waits for has changed. */
  onWake?(listener: () => void): () => void
  /** Asked after somebody else has appended: whether the run is still for us to pursue. */
  isOurs?(): Promise<boolean>
  /** Pauses longer than this are for whoever takes the run up again: the pursuit ends. */
  longestPauseMs?: number
}

class Pursuit {
  private taking: Taking
  private readonly parts: Parts
  private readonly options: AdvanceOptions
  private readonly calls: Calls
  private stale = false
  private lost = false
  private readonly told = { seq: 0 }

  constructor(situation: Situation, parts: Parts, options: AdvanceOptions) {
    this.parts = parts
    this.options = options
    this.taking = new Taking(situation, parts.clock)
    this.told.seq = situation.seq
    this.calls = new Calls(parts, options)
    for (const call of unsettledCalls(situation)) this.takeOver(call, situation)
  }

  wake(): void {
    this.stale = true
    this.calls.interrupt()
  }

  async untilItRests(): Promise<Situation> {
    while (!this.options.signal.aborted && !this.lost) {
      if (this.stale) await this.reload({ overtaken: false })
      const arrivals = this.calls.arrivals()
      const settled = [...this.settle(arrivals), ...this.takeCancel()]
      if (isStopping(this.situation)) this.calls.cancelSubGoals(this.situation)
      const step = this.nextStep()
      const drafts = [
        ...settled,
        ...this.calls.waitsOf(this.taking),
        ...this.taking.all(draftsOf(step, this.situation, this.parts)),
      ]
      if (drafts.length > 0) {
        if (!(await this.record(drafts))) this.calls.giveBack(arrivals)
      } else if (step.do === 'decide') {
        const decision = await decide(this.situation, this.parts, this.options.signal)
        // Whoever was interrupted has not decided: the next to pursue the run asks again.
        if (this.options.signal.aborted) break
        await this.record([this.taking.one(decision), ...this.taking.all(takeDecision(this.situation, this.parts))])
      } else if (this.isWorthWaiting(step)) await this.pause(step)
      else break
    }
    return this.situation
  }

  private get situation(): Situation {
    return this.taking.situation
  }

  /** What an earlier process started and never settled is lost to us; the run of a sub-goal is there to be asked. */
  private takeOver(call: CallState, situation: Situation): void {
    if (call.server === goalServer) this.calls.perform(call, situation)
    else this.calls.arrive({ call_id: call.call_id, result: lostCall(call, this.parts.clock.now()) })
  }

  private nextStep(): Step {
    const step = nextStep(this.situation, this.parts.clock.now())
    if (!this.options.drain?.aborted || step.do === 'stop') return step
    return this.calls.inFlight() > 0 ? { do: 'pause' } : { do: 'stop' }
  }

  /** While a call is under way, or a sub-goal is asked how it is, something will come of it. */
  private isWorthWaiting(step: Step): step is Extract<Step, { do: 'pause' | 'park' }> {
    if (step.do !== 'pause' && step.do !== 'park') return false
    if (this.calls.inFlight() > 0) return true
    const { longestPauseMs } = this.options
    const { until } = step
    if (step.do === 'park') return false
    if (until === undefined || longestPauseMs === undefined) return true
    return Date.parse(until) - this.parts.clock.now().getTime() <= longestPauseMs
  }

  private settle(arrivals: readonly { call_id: string; result: CallResult }[]): Draft[] {
    return arrivals.flatMap(({ call_id, result }) => {
      const call = this.situation.calls.get(call_id)
      if (!call || call.outcome) return []
      return [this.taking.one(settleCall(this.situation, call, result, this.parts))]
    })
  }

  private takeCancel(): Draft[] {
    if (!this.options.cancel.aborted || !this.canBeCancelled()) return []
    return [this.taking.one({ type: 'cancel_requested', data: this.options.cancel.reason })]
  }

  /** A run that is being undone, or was asked to end before, goes its way whatever else is asked. */
  private canBeCancelled(): boolean {
    const { cancel_requested, compensation, finished } = this.situation
    return !cancel_requested && !compensation && !finished
  }

  /** True once the drafts are durable; false where somebody else was quicker, and nothing of them happened. */
  private async record(drafts: Draft[]): Promise<boolean> {
    const { situation } = this
    const change = { status: situation.status, wake_at: wakeAt(situation, this.parts.clock.now()) }
    try {
      const events = await this.parts.journal.append(situation.run_id, drafts, this.taking.newIn(change))
      this.taking.recorded(change)
      for (const event of events) this.tell(event)
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error
      await this.reload({ overtaken: true })
      return false
    }
    for (const draft of drafts) {
      const call = draft.type === 'call_intended' ? situation.calls.get(draft.data.call_id) : undefined
      if (call && !call.outcome) this.calls.perform(call, situation)
    }
    return true
  }

  /** Takes the run up again where its record ends now, if it is still ours. */
  private async reload({ overtaken }: { overtaken: boolean }): Promise<void> {
    this.stale = false
    const events = await this.parts.journal.read(this.situation.run_id)
    const hasGrown = overtaken || events.length !== this.situation.seq
    if (hasGrown && this.options.isOurs && !(await this.options.isOurs())) {
      this.lost = true
      return
    }
    if (hasGrown) {
      this.taking = new Taking(fold(events), this.parts.clock)
      // Who had the run before may have started one more, and will not hear of it any more.
      for (const call of unsettledCalls(this.situation))
        if (!this.calls.knows(call.call_id)) this.takeOver(call, this.situation)
    }
    for (const event of events) if (event.seq > this.told.seq) this.tell(event)
    this.calls.askAgain(this.situation)
  }

  private tell(event: Parameters<NonNullable<Parts['onEvent']>>[0]): void {
    this.told.seq = event.seq
    this.parts.onEvent?.(event, this.situation)
  }

  private async pause({ until }: { until?: string }): Promise<void> {
    const { signal, cancel, drain } = this.options
    const interrupts = [signal, ...(this.canBeCancelled() ? [cancel] : []), ...(drain && !drain.aborted ? [drain] : [])]
    if (!this.stale) await this.calls.untilOneArrives(until, interrupts)
  }
}
