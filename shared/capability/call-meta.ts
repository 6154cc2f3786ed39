import { z } from 'zod'
import { failureSchema } from '../failure.ts'
import { metaPrefix } from './fields.ts'

/** What the runtime tells a server about a call, in the request's `_meta`. */
export const callMetaSchema = z.object({
  run_id: z.string().max(200),
  call_id: z.string().max(200),
  idempotency_key: z.string().min(1).max(255),
  /** RFC 3339, UTC. */
  deadline: z.iso.datetime(),
})
export type CallMeta = z.infer<typeof callMetaSchema>

/** What a server says of a call that did not succeed, in the result's `_meta`; `isError` is set beside it. */
export const outcomeMetaSchema = z.object({ status: z.enum(['failed', 'uncertain']), failure: failureSchema })
export type OutcomeMeta = z.infer<typeof outcomeMetaSchema>

/** Keys in `_meta`; the trace context travels beside them under W3C's own names, `traceparent` and `tracestate`. */
export const metaKeys = {
  call: `${metaPrefix}/call`,
  outcome: `${metaPrefix}/outcome`,
  tool: `${metaPrefix}/tool`,
  /** Of a result: whether the call is in Remit's record, and as which run. */
  record: `${metaPrefix}/record`,
} as const

/** Of an HTTP answer: the request was sent away before anything was done for it, so it may be made elsewhere. */
export const notPerformedHeader = 'remit-not-performed'

/** How an emulator says, in one JSON line on stdout, where it listens and which credentials it takes. */
export const emulatorReadySchema = z.object({
  /** Environment variable of the server's manifest → URL. */
  endpoints: z.record(z.string(), z.string()),
  /** Environment variable of the server's manifest → a credential that only the emulator takes. */
  credentials: z.record(z.string(), z.string()),
  /** Base URL of the control routes: `POST /faults {"mode": "flaky"}`, `GET /state`. */
  control: z.url(),
})
export type EmulatorReady = z.infer<typeof emulatorReadySchema>
