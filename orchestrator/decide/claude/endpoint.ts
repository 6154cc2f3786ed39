import type { Failure } from '../../../shared/failure.ts'
import type { JsonObject } from '../../../shared/json.ts'
import type { TokenCounts } from './prices.ts'

/** One request as the Messages API takes it, without `stream`. */
export interface ModelRequest {
  model: string
  max_tokens: number
  system: { type: 'text'; text: string; cache_control?: { type: 'ephemeral' } }[]
  messages: { role: 'user'; content: { type: 'text'; text: string; cache_control?: { type: 'ephemeral' } }[] }[]
  thinking?: { type: 'adaptive' }
  output_config?: { format: { type: 'json_schema'; schema: Record<string, unknown> } }
}

/** A whole answer: nothing that broke off is one. */
export interface ModelAnswer {
  model: string
  stop_reason: string
  text: string
  tokens: CountedTokens
}

/** Tokens of an answer. `input` is left out where the endpoint does not count it. */
export type CountedTokens = Omit<TokenCounts, 'input'> & { input?: number | undefined }

/** What an endpoint may lack; see {@link EndpointFailure}. */
export const features = ['structured_output', 'thinking', 'caching'] as const
export type Feature = (typeof features)[number]

/** Why there is no answer. */
export interface EndpointFailure {
  failure: Failure
  /** The feature that the endpoint says that it does not take; `some` where it refuses the request and does not say what of it. */
  lacks?: Feature | 'some' | undefined
  /** What it cost all the same, where the endpoint had begun, or may have, to answer. */
  tokens?: CountedTokens | undefined
}

export type Sent = { ok: true; answer: ModelAnswer } | ({ ok: false } & EndpointFailure)

/** Whatever speaks the Messages API. Sends once and never throws; who retries is the reasoner. */
export interface ModelEndpoint {
  send(request: ModelRequest, signal: AbortSignal): Promise<Sent>
}

/** The request as the record keeps it. */
export function recordedRequest(request: ModelRequest): JsonObject {
  return JSON.parse(JSON.stringify(request)) as JsonObject
}
