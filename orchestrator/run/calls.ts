import type { CallRequest, CallResult } from '../model/call.ts'
import { type Draft, draft } from '../model/event.ts'
import type { CallState, Situation } from '../model/situation.ts'
import { goalServer } from '../model/sub-goals.ts'
import type { ChildResult, Parts, UntilStopped } from './parts.ts'
import type { Taking } from './taking.ts'
import { whileAway } from './while-away.ts'

/** A call whose outcome is known and not recorded yet. */
export interface Arrival {
  call_id: string
  result: CallResult
}

/** The calls that one pursuit has in flight: to servers, and to the runs of sub-goals. */
export class Calls {
  private readonly parts: Parts
  private readonly options: UntilStopped
  private readonly pending = new Map<string, Promise<void>>()
  private arrived: Arrival[] = []
  /** Why a sub-goal could not be asked: no outcome of its call, but the end of this pursuit. */
  private fault: { error: unknown } | undefined
  /** Sub-goals whose runs wait, by call, until they are asked again. */
  private readonly waiting = new Map<string, Extract<ChildResult, { waits: unknown }>['waits']>()
  private readonly cancelling = new AbortController()
  private interrupted = false
  /** Ends the pause that is under way. */
  private resume: () => void = () => {}

  constructor(parts: Parts, options: UntilStopped) {
    this.parts = parts
    this.options = options
  }

  inFlight(): number {
    return this.pending.size
  }

  /** True while the call is in flight, its outcome waits to be recorded, or its sub-goal waits. */
  knows(callId: string): boolean {
    return (
      this.pending.has(callId) || this.waiting.has(callId) || this.arrived.some(({ call_id }) => call_id === callId)
    )
  }

  arrive(arrival: Arrival): void {
    this.arrived.push(arrival)
  }

  /** What has arrived, each once. Throws where a sub-goal could not be asked. */
  arrivals(): Arrival[] {
    if (this.fault) throw this.fault.error
    return this.arrived.splice(0)
  }

  /** What was taken and could not be recorded after all. */
  giveBack(arrivals: readonly Arrival[]): void {
    this.arrived.unshift(...arrivals)
  }

  perform(call: CallState, situation: Situation): void {
    if (this.pending.has(call.call_id)) return
    const performed = call.server === goalServer ? this.ask(call, situation) : this.call(call, situation.run_id)
    const settled = performed
      .catch((error: unknown) => {
        this.fault ??= { error }
      })
      .finally(() => {
        this.pending.delete(call.call_id)
        this.resume()
      })
    this.pending.set(call.call_id, settled)
  }

  /** Asks the runs of sub-goals that wait how they are now. */
  askAgain(situation: Situation): void {
    for (const id of this.waiting.keys()) {
      const call = situation.calls.get(id)
      if (call && !call.outcome) this.perform(call, situation)
    }
  }

  /** The runs of sub-goals end with the run that they are a part of. */
  cancelSubGoals(situation: Situation): void {
    if (this.cancelling.signal.aborted) return
    const { cancel_requested: asked, undo_requested: undo } = situation
    const why = asked?.why ?? undo?.why
    this.cancelling.abort({ by: `run ${situation.run_id}`, ...(why === undefined ? {} : { why }) })
    this.askAgain(situation)
  }

  /** Questions of sub-goals that the run itself does not show yet. */
  waitsOf(taking: Taking): Draft[] {
    if (this.waiting.size === 0) return []
    const { situation } = taking
    const shown = new Set([...situation.waits.values()].map(({ call_id }) => call_id))
    return [...this.waiting].flatMap(([call_id, { run_id, question }]) => {
      const call = situation.calls.get(call_id)
      if (!call || call.outcome || shown.has(call_id) || situation.finished) return []
      const wait_id = this.parts.newId()
      const wait = { wait_id, for: 'child' as const, question, choices: [], facts: [], task_id: call.task_id }
      return [taking.one(draft('wait_started', { ...wait, call_id, child_run: run_id }))]
    })
  }

  /** Ends the pause that is under way, or the next. */
  interrupt(): void {
    this.interrupted = true
    this.resume()
  }

  async untilOneArrives(until: string | undefined, interrupts: AbortSignal[]): Promise<void> {
    if (this.arrived.length > 0 || this.fault) return
    const pause = Promise.withResolvers<void>()
    const timer = until === undefined ? undefined : new AbortController()
    const resume = () => pause.resolve()
    this.resume = resume
    // Listeners by hand: a combined signal for each pause costs more than all else here, and stays with those that it follows.
    for (const signal of interrupts) signal.addEventListener('abort', resume)
    try {
      if (this.interrupted || interrupts.some(({ aborted }) => aborted)) return
      if (until !== undefined && timer)
        void this.parts.clock.sleepUntil(new Date(until), timer.signal).then(resume, pause.reject)
      await pause.promise
    } finally {
      for (const signal of interrupts) signal.removeEventListener('abort', resume)
      timer?.abort()
      this.interrupted = false
    }
  }

  private async call(call: CallState, runId: string): Promise<void> {
    const { gateway, onProgress } = this.parts
    // A server is asked for its progress only where somebody watches.
    const result = await gateway.call(requestOf(call, runId), {
      signal: this.options.signal,
      ...(onProgress && { onProgress: (progress) => onProgress(call.call_id, progress) }),
    })
    if (!this.options.signal.aborted) this.arrive({ call_id: call.call_id, result })
  }

  private async ask(call: CallState, parent: Situation): Promise<void> {
    this.waiting.delete(call.call_id)
    const { signal, drain, longestOutageMs, onAway } = this.options
    const answer = await whileAway(() => this.answerOf(call, parent), {
      clock: this.parts.clock,
      signal: drain ? AbortSignal.any([signal, drain]) : signal,
      longestMs: longestOutageMs,
      onAway,
    })
    if (signal.aborted || !answer) return
    if ('ended' in answer) this.arrive({ call_id: call.call_id, result: answer.ended })
    else this.waiting.set(call.call_id, answer.waits)
  }

  private async answerOf(call: CallState, parent: Situation): Promise<ChildResult | undefined> {
    const { children, clock } = this.parts
    if (!children) {
      const failure = { kind: 'internal' as const, message: 'Nothing here runs sub-goals' }
      const at = clock.now().toISOString()
      return { ended: { outcome: { status: 'failed', failure }, started_at: at, settled_at: at, egress: [] } }
    }
    const { signal, drain, longestOutageMs, onAway } = this.options
    const until: UntilStopped = {
      signal,
      ...(drain && { drain }),
      ...(longestOutageMs !== undefined && { longestOutageMs }),
      ...(onAway && { onAway }),
    }
    if (call.purpose !== 'compensation')
      return children.pursue(call, parent, { ...until, cancel: this.cancelling.signal })
    const ended = await children.undo(call, parent, until)
    return ended && { ended }
  }
}

function requestOf({ call_id, server, tool, arguments: args, ...call }: CallState, run_id: string): CallRequest {
  const { idempotency_key, deadline, traceparent } = call
  return { run_id, call_id, server, tool, arguments: args, idempotency_key, deadline, traceparent }
}
