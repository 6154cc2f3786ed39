import type { Failure } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { EgressRecord } from './egress.ts'
import type { Spent } from './event.ts'

/**
 * How a call ended. `uncertain`: the reply was lost after sending, so the effect may or may not have happened. A failure
 * with an output is an effect that happened and did not meet its tool's `expect`.
 */
export type CallOutcome =
  | { status: 'succeeded'; output: Json }
  | { status: 'failed'; failure: Failure; output?: Json }
  | { status: 'uncertain'; failure: Failure }

/** Why a call is made: a task of the plan, the undo of an earlier call, or finding out whether an uncertain one happened. */
export type CallPurpose = 'task' | 'compensation' | 'lookup'

/** Where the value of an argument's leaf came from. */
export type Origin = 'input' | 'goal' | 'client' | 'model' | `trigger:${string}` | `tool:${string}`

/** JSON pointer of each leaf of the arguments → where it came from. */
export type Provenance = Record<string, Origin[]>

/** One call as `execute` gets it. Sensitive leaves of the arguments are sealed. */
export interface CallRequest {
  run_id: string
  call_id: string
  server: string
  tool: string
  arguments: JsonObject
  idempotency_key: string
  /** RFC 3339. */
  deadline: string
  /** W3C trace context. */
  traceparent: string
}

/** What `execute` reports of a call. Sensitive leaves of the output are sealed. */
export interface CallResult {
  outcome: CallOutcome
  /** The protocol revision that was spoken, e.g. `2026-07-28`; absent where no connection came about. */
  era?: string
  started_at: string
  settled_at: string
  /** What the server did on the network because of this call, or was refused. */
  egress: EgressRecord[]
  /** Of a sub-goal: what its run spent. */
  spent?: Spent
}

/** Policy's answer on one task, with the rule that said so. */
export interface Verdict {
  verdict: 'allow' | 'deny' | 'hold'
  rule: string
  reason: string
  /** Of a hold: whoever the run acts for may not decide. */
  four_eyes?: true
}

/** How far a long call is; `total` in the same unit as `done`. */
export interface Progress {
  done: number
  total?: number
  message?: string
}
