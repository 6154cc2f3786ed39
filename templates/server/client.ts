import {
  CapabilityError,
  type FailureKind,
  type JsonObject,
  notSentFailure,
  UncertainError,
} from '../../shared/capability/index.ts'

/** The vendor's API, as one account sees it. Answers are what the vendor sent: parse them. */
export interface Client {
  /** Asks; a lost reply is `unavailable`, because asking again does no harm. */
  read(path: string, signal: AbortSignal): Promise<unknown>
  /** Changes something, once for each key; a lost reply is uncertain. */
  change(path: string, change: Change, signal: AbortSignal): Promise<unknown>
}

/** A change, as the vendor is told of it. */
export interface Change {
  method: 'POST' | 'DELETE'
  key: string
  body?: JsonObject
}

/** What the vendor means by its statuses; one that is not here was a plain "no": `declined`. */
const kinds: Readonly<Record<number, FailureKind>> = {
  400: 'invalid_input',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  409: 'conflict',
  422: 'invalid_input',
  429: 'rate_limited',
}

/** Where a request that ends so was provably not sent. */
const notConnected = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']

/** Opens the API at a base URL. Each request is sent once: whether to repeat it is the caller's decision. */
export function openClient(baseUrl: string, token: string): Client {
  const base = baseUrl.replace(/\/$/, '')
  const send = async (path: string, { key, body, ...request }: Partial<Change>, signal: AbortSignal) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const changes = key !== undefined
    let reply: { response: Response; text: string }
    try {
      const sent = { ...request, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await fetch(`${base}${path}`, sent)
      reply = { response, text: await response.text() }
    } catch (cause) {
      if (codesOf(cause).some((code) => notConnected.includes(code)))
        throw new CapabilityError('unavailable', 'Warehouse cannot be reached; nothing was sent.', { cause })
      throw lost('The reply of Warehouse was lost', changes, cause)
    }
    return answerOf(reply, changes)
  }
  return {
    read: (path, signal) => send(path, {}, signal),
    change: (path, change, signal) => send(path, change, signal),
  }
}

function answerOf({ response, text }: { response: Response; text: string }, changes: boolean): unknown {
  const { status, headers } = response
  if (response.ok) return text === '' ? undefined : parsed(text, changes)
  const refused = notSentFailure(status, Object.fromEntries(headers), 'Warehouse', undefined)
  if (refused) throw refused
  if (status >= 500) throw lost(`Warehouse answered ${status}`, changes, undefined)
  const seconds = Number(headers.get('retry-after'))
  throw new CapabilityError(kinds[status] ?? 'declined', `Warehouse refused the request (${status}).`, {
    vendor_code: String(status),
    ...(seconds > 0 && { retry_after_ms: seconds * 1000 }),
  })
}

/** A body that is not JSON is not the vendor's: nobody knows what became of the request. */
function parsed(text: string, changes: boolean): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw lost('Warehouse answered what is not JSON', changes, cause)
  }
}

function lost(what: string, changes: boolean, cause: unknown): CapabilityError | UncertainError {
  if (!changes) return new CapabilityError('unavailable', `${what}.`, { cause })
  return new UncertainError(`${what}: the change may or may not have been made.`, { cause })
}

/** The codes along an error's causes; fetch wraps the socket's error, and several where it tried several addresses. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return ['code' in error ? String(error.code) : [], ...[error.cause, ...inner].map(codesOf)].flat()
}
