import type { Policy } from '../enforce/policy/policy.ts'
import type { CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decided } from '../model/decision.ts'
import type { Draft, Event } from '../model/event.ts'
import type { ModelLedger } from '../model/model-call.ts'
import type { RunStatus } from '../model/run.ts'
import type { CallState, Situation } from '../model/situation.ts'

/**
 * The journal as the loop uses it: nothing goes on before what it rests on is durable. `read` also takes up the run where
 * its record ends now; `append` throws an {@link OvertakenError} when that is no longer the end.
 */
export interface RunJournal {
  read(runId: string): Promise<Event[]>
  append(runId: string, drafts: Draft[], change?: { status?: RunStatus; wake_at?: string | null }): Promise<Event[]>
  /** The events after one of them, without taking the run up. Left out where nobody else appends. */
  peek?(runId: string, after: number): Promise<Event[]>
}

/** The gateway as the loop uses it. `call` never throws: what goes wrong is the call's outcome. */
export interface RunGateway {
  call(
    request: CallRequest,
    options: { signal: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<CallResult>
}

/** What decides. Untrusted: all that comes of it is a decision, which the runtime checks. */
export interface RunReasoner {
  name: string
  digest: string
  /** True where it reads what tools returned: then what it decides afterwards is tainted. */
  readsOutputs?: boolean
  /** True where deciding costs model calls, tokens and money: then the budget limits it. */
  costs?: boolean
  /** How often in a row its decisions may be refused before it is not asked any more; 2 where it does not say. */
  mostRefusals?: number
  decide(situation: Situation, catalogue: Catalogue, signal: AbortSignal, ledger: ModelLedger): Promise<Decided>
}

/** The time alone, for what only wants to know it. */
export interface Timed {
  clock: Pick<Parts['clock'], 'now'>
}

/** How long a pursuit goes on, and what is in flight in it is waited for. */
export interface UntilStopped {
  /** Stops it at once, without ending the run: whoever takes it over finds out what became of the calls in flight. */
  signal: AbortSignal
  /** Stops it cleanly: nothing more starts, and calls in flight settle first. */
  drain?: AbortSignal
  /** How long a record that is away is waited for. */
  longestOutageMs?: number
  /** Told, again and again, that the record is away and waited for. */
  onAway?(error: unknown): void
}

/** What came of the run of a sub-goal: it ended, or it waits for a person (or an instant) and asks this. */
export type ChildResult = { ended: CallResult } | { waits: { run_id: string; question: string } }

/** The runs of sub-goals as the loop uses them. What goes wrong is the call's outcome; only faults of the record are thrown. */
export interface RunChildren {
  /**
   * Starts the run that has the id of the call, unless it is there, and pursues it until it ends or waits. `cancel` undoes
   * it. To be asked again whenever something may have changed. Undefined where the pursuit was stopped before either.
   */
  pursue(
    call: CallState,
    parent: Situation,
    options: UntilStopped & { cancel: AbortSignal },
  ): Promise<ChildResult | undefined>
  /** Undoes the run that a sub-goal's call made. Undefined where that was stopped before its end. */
  undo(call: CallState, parent: Situation, options: UntilStopped): Promise<CallResult | undefined>
}

/** Somebody else has appended to the run: what was thought of it does not hold, and nothing of it was recorded. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/** What a run is advanced with. Time, chance and ids come from outside, so that every run can be rehearsed. */
export interface Parts {
  journal: RunJournal
  gateway: RunGateway
  reasoner: RunReasoner
  /** Where runs have different reasoners: the one of that name, which the run was created for. */
  reasonerNamed?(name: string): RunReasoner
  /** Absent where no goal may be a part of another. */
  children?: RunChildren
  catalogue: Catalogue
  policy: Policy
  clock: { now(): Date; sleepUntil(instant: Date, signal: AbortSignal): Promise<void> }
  random(): number
  newId(): string
  /** A stable digest of arguments, sealed leaves included. */
  digestArguments(args: CallRequest['arguments']): string
  /** Tells whoever watches, after the record has it. */
  onEvent?(event: Event, situation: Situation): void
  onProgress?(callId: string, progress: Progress): void
}
