import { HTTPException } from 'hono/http-exception'
import { AnswerError, NotEntitledError } from '../run/answer.ts'
import { isAway } from '../run/while-away.ts'
import type { HttpContext } from './http-env.ts'
import { ProblemError, type ProblemKind, problemKinds, problemOf } from './problem.ts'

/** Answers with a problem. */
export function problemResponse(context: HttpContext, error: ProblemError): Response {
  const requestId = context.get('requestId') ?? ''
  return context.body(JSON.stringify(problemOf(error, requestId)), problemKinds[error.kind].status, {
    ...error.headers,
    'Content-Type': 'application/problem+json',
  })
}

/** What a caller is told of an error. Of what nobody foresaw, nothing: it is told to `onTrouble`, under the request's id. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof NotEntitledError) return new ProblemError('denied', error.message)
  if (error instanceof AnswerError) return new ProblemError('conflict', error.message)
  if (isAway(error))
    return new ProblemError('unavailable', 'The record does not answer; nothing was started. Try again soon.', {
      headers: { 'Retry-After': '1' },
    })
  if (error instanceof HTTPException) {
    const kind = kindOf(error.status)
    if (kind) return new ProblemError(kind, error.message || problemKinds[kind].title)
  }
  return new ProblemError('internal', 'It is not your fault. Quote the request id when you tell the operator.')
}

function kindOf(status: number): ProblemKind | undefined {
  const own: ProblemKind[] = ['malformed', 'unauthorized', 'denied', 'not_found', 'too_large', 'timed_out']
  return own.find((kind) => problemKinds[kind].status === status)
}
