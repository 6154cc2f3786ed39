import { notPerformedHeader } from '../../../shared/capability/call-meta.ts'
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

/** What fails while a connection is made: no name, nobody listening, no trust, no protocol in common. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|ERR_TLS_(CERT_ALTNAME_INVALID|HANDSHAKE_TIMEOUT)|ERR_SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|SSLV3_ALERT_HANDSHAKE_FAILURE|TLSV1_(ALERT_PROTOCOL_VERSION|UNRECOGNIZED_NAME)))$/
/** What also ends a connection over which a request went long ago: it depends on what was being done. */
const neverSentByConnect = /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT)$/

/** What a fetch that threw means. */
export function networkError(server: string, error: unknown): RemoteError {
  const { code, syscall } = causeWithCode(error)
  const sent = !(neverSent.test(code ?? '') || (syscall === 'connect' && neverSentByConnect.test(code ?? '')))
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

/** The innermost that is known of it; of several addresses that were tried, the first one's. */
function causeWithCode(error: unknown): { code?: string; syscall?: string } {
  for (let at = error; at instanceof Error; at = at.cause) {
    const said: unknown = at instanceof AggregateError ? at.errors[0] : at
    if (!(said instanceof Error && 'code' in said && typeof said.code === 'string')) continue
    return { code: said.code, ...('syscall' in said && typeof said.syscall === 'string' && { syscall: said.syscall }) }
  }
  return {}
}

/** `Retry-After` in milliseconds, where it is a number of seconds. */
function pauseIn(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined
}
