import type { Failure, Issue } from '../../shared/failure.ts'
import type { JsonObject } from '../../shared/json.ts'
import type { Usage } from './decision.ts'
import type { Reservation } from './event.ts'

/** What a call of a model may cost at most: set aside before it is made. */
export type ModelReservation = Required<Pick<Reservation, 'model_calls' | 'tokens' | 'cost_usd'>>

/** A model about to be asked. */
export interface ModelQuestion {
  model: string
  /** The body of the request as it is sent: model, parameters and prompt. It holds no key. */
  request: JsonObject
  /** SHA-256 over the RFC 8785 text of the request. */
  prompt_digest: string
  reservation: ModelReservation
  /** How often the same question was asked before, because the model could not be reached. */
  attempt: number
}

/**
 * What became of it. `unusable`: an answer came and was no decision, with what was wrong with it; `failed`: there was no
 * whole answer. Nothing of a partial answer is ever used.
 */
export type ModelOutcome =
  | { status: 'answered'; stop_reason: string; response: string }
  | { status: 'unusable'; stop_reason: string; response: string; problems: Issue[] }
  | { status: 'failed'; failure: Failure }

export interface ModelResult {
  outcome: ModelOutcome
  /** Who the endpoint says that it was, where that is not the model that was asked. */
  answered_by?: string
  usage: Usage
  duration_ms: number
}

/** Where calls of a model are recorded: before they are made, and after. */
export interface ModelLedger {
  /** Sets aside what the call may cost and records it. A failure means that it may not be made. */
  ask(question: ModelQuestion): Promise<{ id: string } | { refused: Failure }>
  /** Records what became of it; what it did not cost is free again. */
  settle(id: string, result: ModelResult): Promise<void>
}

/** Keeps no record: for a plan that is only shown. */
export const noLedger: ModelLedger = { ask: async () => ({ id: '' }), settle: async () => {} }
