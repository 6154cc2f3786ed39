import { notPerformedHeader } from '../../../shared/capability/call-meta.ts'
import { causeWithCode, neverSent } from '../../../shared/never-sent.ts'
import type { Evidence } from '../circuit.ts'

interface RemoteDetails {
  /** False where the request provably did nothing; true where nobody knows. */
  mayHaveHappened: boolean
  kind: 'unavailable' | 'unauthorized' | 'rate_limited' | 'internal'
  /** What it shows of the server. */
  evidence: Evidence
  retryAfterMs?: number | undefined
  /** The server does not know the session any more, as after a restart: a new connection gets a new one. */
  sessionGone?: boolean
  cause?: unknown
}

/** A request over HTTP that brought no answer of the protocol. The message is written by us, and holds nothing that the server said. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly mayHaveHappened: boolean
  readonly kind: RemoteDetails['kind']
  readonly evidence: Evidence
  readonly retryAfterMs: number | undefined
  readonly sessionGone: boolean

  constructor(message: string, { mayHaveHappened, kind, evidence, retryAfterMs, sessionGone, cause }: RemoteDetails) {
    super(message, { cause })
    this.mayHaveHappened = mayHaveHappened
    this.kind = kind
    this.evidence = evidence
    this.retryAfterMs = retryAfterMs
    this.sessionGone = sessionGone ?? false
  }
}

/** The one in an error: the SDK wraps what goes wrong while an era is agreed on. */
export function remoteErrorIn(error: unknown): RemoteError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof RemoteError) return at
  return undefined
}

/** What a fetch that threw means. */
export function networkError(server: string, error: unknown): RemoteError {
  const { code } = causeWithCode(error)
  const sent = !neverSent(error)
  const why = code === undefined ? '' : ` (${code})`
  return new RemoteError(sent ? `the connection to ${server} broke${why}` : `${server} cannot be reached${why}`, {
    mayHaveHappened: sent,
    kind: 'unavailable',
    evidence: 'failed',
    cause: error,
  })
}

/** What it means that a server does not let a request in (401, 403). `advice` is what a person does then. */
export function refusedError(server: string, { status }: Pick<Response, 'status'>, advice: string): RemoteError {
  return new RemoteError(`${server} does not take Remit's token (HTTP ${status}): ${advice}`, {
    mayHaveHappened: false,
    kind: 'unauthorized',
    evidence: 'answered',
  })
}

/**
 * What an HTTP status other than success, 401 and 403 means: a server says 4xx before it does anything, and 5xx at any time, unless it
 * says by a header of ours that it did nothing.
 */
export function statusError(
  server: string,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  inSession = false,
): RemoteError {
  const answered = { mayHaveHappened: false, evidence: 'answered' as const }
  if (status === 404 && inSession)
    return new RemoteError(`${server} forgot its session`, { ...answered, kind: 'unavailable', sessionGone: true })
  if (status === 429) {
    const retryAfterMs = pauseIn(headers)
    return new RemoteError(`${server} takes no more requests now`, { ...answered, kind: 'rate_limited', retryAfterMs })
  }
  if (status === 503 && headers.has(notPerformedHeader))
    return new RemoteError(`${server} takes no requests now`, {
      ...answered,
      kind: 'unavailable',
      retryAfterMs: pauseIn(headers),
    })
  if (status >= 500)
    return new RemoteError(`${server} answered with HTTP ${status}`, {
      mayHaveHappened: true,
      kind: 'unavailable',
      evidence: 'failed',
    })
  return new RemoteError(`${server} did not take the request (HTTP ${status})`, { ...answered, kind: 'internal' })
}

/** `Retry-After` in milliseconds, where it is a number of seconds. */
function pauseIn(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined
}
