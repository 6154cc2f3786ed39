import { APIConnectionError, APIError } from '@anthropic-ai/sdk'
import type { Failure } from '../../../shared/failure.ts'
import { type Feature, features } from './endpoint.ts'

/** Why an exchange ended without an answer, where the endpoint itself said nothing. */
export class EndpointError extends Error {
  readonly what: 'interrupted' | 'late' | 'cut' | 'too_large' | 'no_stream'
  constructor(what: EndpointError['what'], message: string) {
    super(message)
    this.name = 'EndpointError'
    this.what = what
  }
}

/** More of what an endpoint says is cut. */
const longestMessage = 300

/** What went wrong as a failure. `rate_limited` and `unavailable` may pass; nothing else is asked again. */
export function failureOf(error: unknown, apiKey: string): Failure {
  const local = endpointErrorIn(error)
  if (local) return { kind: isForGood(local) ? 'invalid_input' : 'unavailable', message: local.message }
  if (error instanceof APIConnectionError) return { kind: 'unavailable', message: 'The endpoint cannot be reached' }
  if (!(error instanceof APIError))
    return { kind: 'unavailable', message: 'What the endpoint sent is no answer of the Messages API' }
  const said = withoutKey(error.apiMessage ?? 'it said no more', apiKey).slice(0, longestMessage)
  const status = error.status ?? statusOfType(error.type)
  const retry = retryAfter(error.headers)
  return {
    kind: kindOf(status),
    message: `The endpoint answered ${status}: ${said}`,
    vendor_code: /^[a-z][a-z_]{0,39}$/.test(error.type ?? '') ? String(error.type) : String(status),
    ...(retry === undefined ? {} : { retry_after_ms: retry }),
  }
}

/** What an endpoint may repeat of what it was sent, without the key. A key of a few letters is none that anybody guards. */
export function withoutKey(text: string, apiKey: string): string {
  return apiKey.length < shortestKey ? text : text.replaceAll(apiKey, '[key]')
}

const shortestKey = 8

/** Which feature the endpoint says that it does not take; undefined where it says nothing of the kind. */
export function lackIn(error: unknown): Feature | 'some' | undefined {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined
  const said = (error.apiMessage ?? '').toLowerCase()
  return features.find((feature) => words[feature].test(said)) ?? (namesAnother.test(said) ? undefined : 'some')
}

/** Requests that are refused for these reasons are refused without any feature, too. */
const namesAnother = /credit|billing|too long|too large|context|max_tokens/

const words: Record<Feature, RegExp> = {
  structured_output: /output_config|output_format|json_schema|structured|grammar/,
  thinking: /thinking/,
  caching: /cache_control|caching/,
}

/** What would come again if it were asked for again. */
function isForGood({ what }: EndpointError): boolean {
  return what === 'too_large' || what === 'no_stream'
}

export function endpointErrorIn(error: unknown): EndpointError | undefined {
  if (error instanceof EndpointError) return error
  const { cause } = Object(error)
  return cause instanceof Error ? endpointErrorIn(cause) : undefined
}

function kindOf(status: number): Failure['kind'] {
  if (status === 429) return 'rate_limited'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not_found'
  if (status === 408 || status === 409 || status >= 500) return 'unavailable'
  return 'invalid_input'
}

/** An error within a stream has a type and no status. */
function statusOfType(type: string | null): number {
  if (type === 'overloaded_error') return 529
  if (type === 'rate_limit_error') return 429
  return 500
}

function retryAfter(headers: Headers | undefined): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(ms)) return Math.max(0, Math.round(ms))
  const given = headers?.get('retry-after')
  if (given === null || given === undefined) return undefined
  const seconds = Number(given)
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(given) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, Math.round(wait)) : undefined
}
