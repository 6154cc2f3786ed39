import type { CallResult } from '../model/call.ts'
import { type Draft, draft, type Event } from '../model/event.ts'
import { type CallState, fold, type Situation } from '../model/situation.ts'
import { goalServer } from '../model/sub-goals.ts'
import { askReasoner } from './ask-reasoner.ts'
import { type Arrival, Calls } from './calls.ts'
import { draftsOf } from './drafts-of.ts'
import { openLedger } from './model-ledger.ts'
import { isStopping, nextStep, type Step, unsettledCalls } from './next-step.ts'
import { OvertakenError, type Parts, type UntilStopped } from './parts.ts'
import { lostCall, settleCall, unmadeCall } from './settle.ts'
import { takeDecision } from './take-decision.ts'
import { Taking } from './taking.ts'
import { isAgreed } from './unsure-plan.ts'
import { wakeAt } from './wake-at.ts'
import { isAway, whileAway } from './while-away.ts'

/**
 * Pursues a run until it ends, or only a person, an instant or another run can let it go on, and returns the situation it is
 * in then. The journal is the state: nothing is called before its intent is durable, and what a settled call made ready is
 * intended in the same append.
 *
 * While the record is away the run pauses: what its calls answer meanwhile is recorded once it is back. Throws what the
 * journal throws beyond that: then nothing in memory counts, and the record is the truth. So it is where the signal stopped
 * the pursuit: what it returns then may be ahead of the record.
 */
export async function advance(runId: string, parts: Parts, options: AdvanceOptions): Promise<Situation> {
  let pursuit: Pursuit | undefined
  let isStale = false
  const off = options.onWake?.(() => {
    isStale = true
    pursuit?.wake()
  })
  try {
    const events = await parts.journal.read(runId)
    pursuit = new Pursuit(fold(events), parts, options)
    // What was appended while the record was read may or may not be a part of what was read.
    if (isStale) pursuit.wake()
    return await pursuit.untilItRests()
  } finally {
    off?.()
  }
}

export interface AdvanceOptions extends UntilStopped {
  /** Ends the run: calls in flight settle, then all is undone. The reason of the abort is `{ by, why }`. */
  cancel: AbortSignal
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
  /** Somebody else has the run, and goes on with it. */
  private lost = false
  /** Nobody may have the run: what is in flight settles, and nothing more starts. */
  private resigned = false
  /** Aborted when what the reasoner is being asked has been overtaken. */
  private deciding: AbortController | undefined
  private readonly told = { seq: 0 }

  constructor(situation: Situation, parts: Parts, options: AdvanceOptions) {
    this.parts = parts
    this.options = options
    this.taking = new Taking(situation, parts.clock)
    this.told.seq = situation.seq
    this.calls = new Calls(parts, options)
    for (const call of unsettledCalls(situation)) this.takeOver(call)
  }

  wake(): void {
    this.stale = true
    this.calls.interrupt()
    if (this.deciding) void this.interruptOnceOvertaken(this.deciding)
  }

  async untilItRests(): Promise<Situation> {
    while (!this.options.signal.aborted && !this.lost) {
      if (this.stale) {
        await this.reload({ overtaken: false })
        // The run may be somebody else's now, and its record is taken up where theirs ends: no fence would stop us.
        continue
      }
      const arrivals = this.calls.arrivals()
      const settled = [...this.settle(arrivals), ...this.takeCancel()]
      if (isStopping(this.situation)) this.calls.cancelSubGoals(this.situation)
      const step = this.nextStep()
      const drafts = [
        ...settled,
        ...this.calls.waitsOf(this.taking),
        ...this.taking.all(draftsOf(step, this.situation, this.parts)),
      ]
      if (drafts.length > 0) await this.record(drafts, arrivals)
      else if (step.do === 'decide') await this.decide()
      else if (this.isWorthWaiting(step)) await this.pause(step)
      else break
    }
    return this.situation
  }

  /** Asks for a decision and takes it. Whoever was interrupted, or overtaken, has not decided: it is asked again, if at all. */
  private async decide(): Promise<void> {
    const { taking, parts } = this
    if (isAgreed(this.situation)) return this.record(taking.all(takeDecision(this.situation, parts)), [])
    this.deciding = new AbortController()
    const { signal, cancel } = this.options
    const interrupts = [signal, this.deciding.signal, ...(this.canBeCancelled() ? [cancel] : [])]
    const stop = AbortSignal.any(interrupts)
    const ledger = openLedger({
      situation: () => this.situation,
      newId: parts.newId,
      record: (draft) => this.recordThought(draft),
    })
    const decision = await askReasoner(this.situation, parts, ledger, stop)
    this.deciding = undefined
    if (ledger.fault && !(ledger.fault.error instanceof OvertakenError)) throw ledger.fault.error
    if (stop.aborted || this.taking !== taking) return
    await this.record([taking.one(decision), ...taking.all(takeDecision(this.situation, parts))], [])
  }

  /** Records a call of a model. Throws where the run went on meanwhile; what the call cost is recorded even then. */
  private async recordThought(draft: Draft): Promise<void> {
    const { taking } = this
    await this.record([taking.one(draft)], [])
    if (this.taking === taking) return
    const isOwed = draft.type === 'model_answered' && this.situation.modelCalls.has(draft.data.model_call_id)
    if (isOwed && !this.lost) await this.record([this.taking.one(draft)], [])
    throw new OvertakenError('The run went on while its reasoner was asked')
  }

  /** A wake may be about nothing new; only what was appended makes a question pointless. */
  private async interruptOnceOvertaken(deciding: AbortController): Promise<void> {
    const { peek } = this.parts.journal
    const more = await peek?.(this.situation.run_id, this.situation.seq).catch(() => [])
    if (!more || more.some(({ seq }) => seq > this.situation.seq)) deciding.abort()
  }

  private get situation(): Situation {
    return this.taking.situation
  }

  /** What an earlier process started and never settled is lost to us; the run of a sub-goal is there to be asked. */
  private takeOver(call: CallState): void {
    if (call.server === goalServer) this.calls.perform(call, this.situation)
    else this.calls.arrive({ call_id: call.call_id, result: lostCall(call, this.parts.clock.now()) })
  }

  private nextStep(): Step {
    const step = nextStep(this.situation, this.parts.clock.now())
    if (!this.isEnding() || step.do === 'stop') return step
    return this.calls.inFlight() > 0 ? { do: 'pause' } : { do: 'stop' }
  }

  /** Nothing more starts. */
  private isEnding(): boolean {
    return this.resigned || this.options.drain?.aborted === true
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

  private settle(arrivals: readonly Arrival[]): Draft[] {
    return arrivals.flatMap(({ call_id, result }) => {
      const call = this.situation.calls.get(call_id)
      if (!call || call.outcome) return []
      return [
        this.taking.one(settleCall(this.situation, call, result, this.parts)),
        ...this.stopAfterDenied(call, result),
      ]
    })
  }

  /** A server that tries what it may not do is not asked again: where the policy says so, the run ends and is undone. */
  private stopAfterDenied({ server, tool }: CallState, { egress }: CallResult): Draft[] {
    const refused = egress.find(({ denied }) => denied !== undefined)
    if (!refused || this.parts.policy.on_denied_egress !== 'stop' || !this.canBeCancelled()) return []
    const why = `${server}.${tool} asked for ${refused.method ?? 'a connection'} at ${refused.host}: ${refused.denied}`
    return [this.taking.one(draft('cancel_requested', { by: 'policy:on_denied_egress', why }))]
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

  /**
   * Makes the drafts durable, and makes the calls that they intend. Where they are not, the arrivals are settled anew by what
   * the record says then: somebody else was quicker, or it was away.
   */
  private async record(drafts: Draft[], arrivals: readonly Arrival[]): Promise<void> {
    const { situation } = this
    const change = { status: situation.status, wake_at: wakeAt(situation, this.parts.clock.now()) }
    try {
      const events = await this.parts.journal.append(situation.run_id, drafts, this.taking.newIn(change))
      this.taking.recorded(change)
      for (const event of events) this.tell(event)
    } catch (error) {
      this.calls.giveBack(arrivals)
      if (error instanceof OvertakenError) await this.reload({ overtaken: true })
      else if (isAway(error)) await this.reloadOnceBack(drafts)
      else throw error
      return
    }
    for (const call of intendedIn(drafts, situation)) this.perform(call)
  }

  /** Takes the run up again where its record ends now, if it is still ours. */
  private async reload({ overtaken }: { overtaken: boolean }): Promise<void> {
    this.stale = false
    const events = await this.patiently(() => this.parts.journal.read(this.situation.run_id))
    if (!events) return
    const hasGrown = overtaken || events.length !== this.situation.seq
    if (hasGrown && !(await this.isOurs())) {
      this.lost = true
      // Whoever asked how the run is hears what is recorded, and nothing of what was only thought here.
      this.taking = new Taking(fold(events), this.parts.clock)
      return
    }
    if (hasGrown) this.takeUp(events)
    for (const event of events) if (event.seq > this.told.seq) this.tell(event)
    this.calls.askAgain(this.situation)
  }

  /**
   * Takes the run up again after an append of which nobody knows whether it is stored. The lease may have ended meanwhile:
   * what is known is recorded all the same, for the fence refuses it where somebody else has gone on.
   */
  private async reloadOnceBack(drafts: readonly Draft[]): Promise<void> {
    const events = await this.patiently(() => this.parts.journal.read(this.situation.run_id))
    if (!events) return
    const stored = new Set(fold(events).unsettled)
    for (const call of intendedIn(drafts, this.situation)) if (stored.has(call.call_id)) this.leaveUnmade(call)
    if (!(await this.isOurs())) this.resigned = true
    this.takeUp(events)
    for (const event of events) if (event.seq > this.told.seq) this.tell(event)
  }

  private takeUp(events: readonly Event[]): void {
    this.taking = new Taking(fold(events), this.parts.clock)
    for (const call of unsettledCalls(this.situation)) if (!this.calls.knows(call.call_id)) this.takeOver(call)
  }

  /** False, too, where it is not known and nobody waits for it any more. */
  private async isOurs(): Promise<boolean> {
    const { isOurs } = this.options
    return isOurs === undefined || (await this.patiently(isOurs)) === true
  }

  private patiently<Result>(attempt: () => Promise<Result>): Promise<Result | undefined> {
    const { signal, longestOutageMs, onAway } = this.options
    return whileAway(attempt, { clock: this.parts.clock, signal, longestMs: longestOutageMs, onAway })
  }

  private perform(call: CallState): void {
    // Somebody else may have the run by now, and would make the call, too.
    if (this.isEnding() && call.server !== goalServer) this.leaveUnmade(call)
    else this.calls.perform(call, this.situation)
  }

  private leaveUnmade(call: CallState): void {
    this.calls.arrive({ call_id: call.call_id, result: unmadeCall(call, this.parts.clock.now()) })
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

/** The calls that drafts intend, unless they settle them, too. */
function intendedIn(drafts: readonly Draft[], { calls }: Situation): CallState[] {
  return drafts.flatMap((draft) => {
    const call = draft.type === 'call_intended' ? calls.get(draft.data.call_id) : undefined
    return call && !call.outcome ? [call] : []
  })
}
