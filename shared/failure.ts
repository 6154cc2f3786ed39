import { z } from 'zod'

/**
 * Why a call failed. Whether to repeat follows from the kind, never from the text:
 * `rate_limited` and `unavailable` were provably not performed and are repeated with the same key;
 * `invalid_input`, `not_found`, `conflict`, `declined` go back to the reasoner or a person;
 * `denied`, `approval_required`, `budget_exhausted` are the runtime's own and final for the reasoner;
 * `unauthorized` stops the use of that server; `unsatisfied` means that the tool's `expect` was false;
 * `internal` is a defect.
 */
export const failureKinds = [
  'invalid_input',
  'not_found',
  'conflict',
  'declined',
  'denied',
  'approval_required',
  'budget_exhausted',
  'unauthorized',
  'rate_limited',
  'unavailable',
  'unsatisfied',
  'internal',
] as const

/** One of {@link failureKinds}. */
export type FailureKind = (typeof failureKinds)[number]

/** One fault of one value: its JSON pointer and what would be right. */
export const issueSchema = z.object({ path: z.string(), message: z.string() })
export type Issue = z.infer<typeof issueSchema>

/** A failure as data: what crosses the wire, lies in a row and is shown to people. Never holds a secret. */
export const failureSchema = z.object({
  kind: z.enum(failureKinds),
  message: z.string(),
  /** Milliseconds to wait before the next attempt, when the vendor said so. */
  retry_after_ms: z.int().min(0).optional(),
  /** The faults of an `invalid_input`, by JSON pointer into the arguments. */
  issues: z.array(issueSchema).optional(),
  /** What had been done before the failure (steps, ids), so that a repair or an undo can find it. */
  done: z.json().optional(),
  /** The vendor's own code, e.g. Stripe's `card_declined`, SMTP's `550`. */
  vendor_code: z.string().optional(),
})
export type Failure = z.infer<typeof failureSchema>

type FailureDetails = Omit<Failure, 'kind' | 'message'> & { cause?: unknown }

/**
 * What a tool throws when it knows that the call failed. The message is shown to people and models: write it yourself,
 * never pass a vendor's text through unread, never include a secret.
 */
export class CapabilityError extends Error {
  readonly failure: Failure

  constructor(kind: FailureKind, message: string, { cause, ...details }: FailureDetails = {}) {
    super(message, { cause })
    this.name = 'CapabilityError'
    this.failure = { kind, message, ...details }
  }
}

/**
 * What a tool throws when it cannot know whether the effect happened: the reply was lost after the request was sent, or
 * the vendor answered 5xx. The runtime then repeats with the same key, looks up, or asks a person.
 */
export class UncertainError extends Error {
  readonly failure: Failure

  constructor(message: string, { cause, ...details }: FailureDetails = {}) {
    super(message, { cause })
    this.name = 'UncertainError'
    this.failure = { kind: 'unavailable', message, ...details }
  }
}
