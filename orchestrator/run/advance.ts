import type { CallResult } from '../model/call.ts'
import type { Draft } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import { apply, type CallState, fold, type Situation } from '../model/situation.ts'
import { callsToUndo, compensationResult } from './compensation.ts'
import { intendLookup, intendTask, intendUndo } from './intend.ts'
import { nextStep, type Step, unsettledCalls } from './next-step.ts'
import type { Parts } from './parts.ts'
import { lostCall, settleCall } from './settle.ts'
import { decide, finished, takeDecision } from './take-decision.ts'

/**
 * Pursues a run until it ends or only a person can let it go on, and returns the situation it is in then. The journal is
 * the state: nothing is called before its intent is durable, and what a settled call made ready is intended in the same
 * append.
 *
 * Throws what the journal throws: then nothing in memory counts, and the record is the truth.
 */
export async function advance(runId: string, parts: Parts, { signal, cancel }: AdvanceOptions): Promise<Situation> {
  const pursuit = new Pursuit(fold(await parts.journal.read(runId)), parts, signal, cancel)
  return pursuit.untilItRests()
}

export interface AdvanceOptions {
  /** Stops the pursuit without ending the run: whoever takes it over finds out what became of the calls in flight. */
  signal: AbortSignal
  /** Ends the run: calls in flight settle, then all is undone. The reason of the abort is `{ by, why }`. */
  cancel: AbortSignal
}

class Pursuit {
  private readonly situation: Situation
  private readonly parts: Parts
  private readonly signal: AbortSignal
  private readonly cancel: AbortSignal
  private readonly inFlight = new Map<string, Promise<void>>()
  private readonly arrived: { call: CallState; result: CallResult }[] = []
  private recordedStatus: RunStatus

  constructor(situation: Situation, parts: Parts, signal: AbortSignal, cancel: AbortSignal) {
    this.situation = situation
    this.parts = parts
    this.signal = signal
    this.cancel = cancel
    this.recordedStatus = situation.status
    // What an earlier process started and never settled is lost to us.
    for (const call of unsettledCalls(situation)) {
      this.arrived.push({ call, result: lostCall(call, parts.clock.now()) })
    }
  }

  async untilItRests(): Promise<Situation> {
    while (!this.signal.aborted) {
      const arrivals = [...this.settleArrivals(), ...this.takeCancel()]
      const step = nextStep(this.situation, this.parts.clock.now())
      const drafts = [...arrivals, ...this.draftsOf(step)]
      if (drafts.length > 0) {
        await this.record(drafts)
        this.callWhatWasIntended(drafts)
      } else if (step.do === 'decide') {
        const decision = await decide(this.situation, this.parts, this.signal)
        // Whoever was interrupted has not decided: the next to pursue the run asks again.
        if (this.signal.aborted) break
        await this.record([this.take(decision), ...takeDecision(this.situation, this.parts).map((d) => this.take(d))])
      } else if (step.do === 'pause') {
        await this.untilSomethingHappens(step.until)
      } else break
    }
    return this.situation
  }

  private settleArrivals(): Draft[] {
    return this.arrived
      .splice(0)
      .map(({ call, result }) => this.take(settleCall(this.situation, call, result, this.parts)))
  }

  private takeCancel(): Draft[] {
    if (!this.cancel.aborted || !this.canBeCancelled()) return []
    return [this.take({ type: 'cancel_requested', data: this.cancel.reason })]
  }

  /** A run that is being undone, or was asked to end before, goes its way whatever else is asked. */
  private canBeCancelled(): boolean {
    const { cancel_requested, compensation, finished: end } = this.situation
    return !cancel_requested && !compensation && !end
  }

  /** The events that a step consists of, already taken into the situation. */
  private draftsOf(step: Step): Draft[] {
    const { situation, parts } = this
    switch (step.do) {
      case 'start':
        return [
          ...step.tasks.map((task) => this.take(intendTask(situation, task, parts))),
          ...step.lookups.map((task) => this.take(intendLookup(situation, task, parts))),
        ]
      case 'expire':
        return step.waits.map(({ wait_id }) =>
          this.take({
            type: 'wait_ended',
            data: { wait_id, choice: 'deny', by: 'deadline', why: 'nobody decided in time' },
          }),
        )
      case 'start_compensation':
        return [
          this.take({ type: 'compensation_started', data: { reason: step.reason, calls: callsToUndo(situation) } }),
        ]
      case 'compensate':
        return intendUndo(situation, step.call, step.attempt, parts).map((draft) => this.take(draft))
      case 'finish_compensation': {
        const done = this.take({ type: 'compensation_finished', data: compensationResult(situation) })
        return [done, this.take(this.endAfterUndo())]
      }
      default:
        return []
    }
  }

  private endAfterUndo(): Draft {
    const status = this.situation.cancel_requested ? 'cancelled' : 'failed'
    const message = this.situation.compensation?.reason ?? ''
    const gaveUp = this.situation.decisions.at(-1)?.decision
    const code = gaveUp?.kind === 'give_up' ? gaveUp.code : status === 'cancelled' ? 'cancelled' : 'undone'
    const issues = gaveUp?.kind === 'give_up' ? gaveUp.issues : []
    return finished(this.situation, status, [], { code, message, issues })
  }

  /** Takes a draft into the situation ahead of its append, so that what follows from it goes into the same append. */
  private take(draft: Draft): Draft {
    apply(this.situation, { ...draft, seq: this.situation.seq + 1, at: this.parts.clock.now().toISOString() })
    return draft
  }

  private async record(drafts: Draft[]): Promise<void> {
    const { status, run_id } = this.situation
    const change = status === this.recordedStatus ? undefined : { status }
    const events = await this.parts.journal.append(run_id, drafts, change)
    this.recordedStatus = status
    for (const event of events) this.parts.onEvent?.(event, this.situation)
  }

  private callWhatWasIntended(drafts: Draft[]): void {
    for (const draft of drafts) {
      if (draft.type !== 'call_intended') continue
      const call = this.situation.calls.get(draft.data.call_id)
      if (call && !call.outcome) this.inFlight.set(call.call_id, this.perform(call))
    }
  }

  private async perform(call: CallState): Promise<void> {
    const { call_id, server, tool, idempotency_key, deadline, traceparent } = call
    const request = {
      run_id: this.situation.run_id,
      call_id,
      server,
      tool,
      arguments: call.arguments,
      idempotency_key,
      deadline,
      traceparent,
    }
    const result = await this.parts.gateway.call(request, {
      signal: this.signal,
      onProgress: (progress) => this.parts.onProgress?.(call_id, progress),
    })
    this.inFlight.delete(call_id)
    if (!this.signal.aborted) this.arrived.push({ call, result })
  }

  private async untilSomethingHappens(until: string | undefined): Promise<void> {
    if (this.arrived.length > 0) return
    const stop = new AbortController()
    const interrupts = this.canBeCancelled() ? [this.signal, this.cancel] : [this.signal]
    const signal = AbortSignal.any([...interrupts, stop.signal])
    const timer = until === undefined ? [] : [this.parts.clock.sleepUntil(new Date(until), signal)]
    const interrupted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    try {
      if (!signal.aborted) await Promise.race([...this.inFlight.values(), ...timer, interrupted])
    } finally {
      stop.abort()
    }
  }
}
