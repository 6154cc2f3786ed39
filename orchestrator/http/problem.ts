import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import type { Failure, FailureKind, Issue } from '../../shared/failure.ts'

/** What can be wrong with a request before anything of Remit's own is asked. */
type RequestFault =
  | 'malformed'
  | 'method_not_allowed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'misdirected'
  | 'no_reasoner'
  | 'timed_out'

export type ProblemKind = FailureKind | RequestFault

/** The kinds of problem: each has one `type`, one title and one status, which clients may rely on. */
export const problemKinds: Record<ProblemKind, { status: ContentfulStatusCode; title: string }> = {
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid key is needed' },
  denied: { status: 403, title: 'This is not allowed' },
  approval_required: { status: 403, title: 'Somebody has to approve this first' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'This cannot be done here' },
  conflict: { status: 409, title: 'The state of things does not allow this' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body has the wrong media type' },
  misdirected: { status: 421, title: 'This is not the host that was asked for' },
  invalid_input: { status: 422, title: 'The request is not valid' },
  no_reasoner: { status: 422, title: 'Nothing here can decide that' },
  budget_exhausted: { status: 422, title: 'The budget does not allow this' },
  declined: { status: 422, title: 'The vendor said no' },
  unsatisfied: { status: 422, title: 'The result is not what was expected' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Not available at the moment' },
  timed_out: { status: 504, title: 'It took too long' },
}

/** RFC 9457 `application/problem+json`. */
export const problemSchema = z
  .object({
    type: z.string().describe('Stable: `urn:remit:problem:` and the kind.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong here, and what to do about it.'),
    instance: z.string().describe('The request, as its `X-Request-Id` names it.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe('JSON pointer to the value.'),
          detail: z.string(),
          line: z.int().optional().describe('Of a value that is a text of many lines: where in it, from 1.'),
          column: z.int().optional(),
        }),
      )
      .optional()
      .describe('Every fault of the request, by the value that has it.'),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof problemSchema>

/** A fault of a value of the request; of a text of many lines also where it stands there. */
export interface ProblemIssue extends Issue {
  line?: number
  column?: number
}

/** A request that is not fulfilled, with what the caller is told. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly kind: ProblemKind
  readonly issues: readonly ProblemIssue[]
  readonly headers: Record<string, string>

  constructor(
    kind: ProblemKind,
    detail: string,
    { issues = [], headers = {} }: { issues?: readonly ProblemIssue[]; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.kind = kind
    this.issues = issues
    this.headers = headers
  }

  /** What a pure rule said as a failure. */
  static of({ kind, message, issues = [] }: Failure): ProblemError {
    return new ProblemError(kind, message, { issues })
  }
}

/** The document of a problem. */
export function problemOf({ kind, message, issues }: ProblemError, requestId: string): Problem {
  const { status, title } = problemKinds[kind]
  return {
    type: `urn:remit:problem:${kind}`,
    title,
    status,
    detail: message,
    instance: `urn:remit:request:${requestId}`,
    ...(issues.length > 0
      ? { errors: issues.map(({ path, message: detail, ...place }) => ({ pointer: path, detail, ...place })) }
      : {}),
  }
}
