import type { PolicySettings } from '../enforce/policy.ts'
import type { CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decided } from '../model/decision.ts'
import type { Draft, Event } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import type { Situation } from '../model/situation.ts'

/** The journal as the loop uses it: one writer a run, and nothing goes on before what it rests on is durable. */
export interface RunJournal {
  read(runId: string): Promise<Event[]>
  append(runId: string, drafts: Draft[], change?: { status?: RunStatus; wake_at?: string | null }): Promise<Event[]>
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
  decide(situation: Situation, catalogue: Catalogue, signal: AbortSignal): Promise<Decided>
}

/** What a run is advanced with. Time, chance and ids come from outside, so that every run can be rehearsed. */
export interface Parts {
  journal: RunJournal
  gateway: RunGateway
  reasoner: RunReasoner
  /** True where the reasoner reads what tools returned: then what it decides afterwards is tainted. */
  reasonerReadsOutputs: boolean
  catalogue: Catalogue
  policy: PolicySettings
  clock: { now(): Date; sleepUntil(instant: Date, signal: AbortSignal): Promise<void> }
  random(): number
  newId(): string
  /** A stable digest of arguments, sealed leaves included. */
  digestArguments(args: CallRequest['arguments']): string
  /** Tells whoever watches, after the record has it. */
  onEvent?(event: Event, situation: Situation): void
  onProgress?(callId: string, progress: Progress): void
}
