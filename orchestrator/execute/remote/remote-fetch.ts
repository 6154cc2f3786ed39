import type { FetchLike } from '@modelcontextprotocol/client'
import { metaKeys } from '../../../shared/capability/call-meta.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { networkError, RemoteError, statusError } from './remote-error.ts'

export interface RemoteFetchOptions {
  server: string
  /** What a request carries in `Authorization`; undefined where it carries nothing. Asked for each request. */
  authorize: (call: AuthorizedCall | undefined) => Promise<string | undefined>
  /** What a person does where the server takes none of that. */
  refusedAdvice: string
  /** Bytes that one answer may have. */
  limitBytes: number
}

/** The call that a request is; other requests are about the server itself. */
export interface AuthorizedCall {
  tool: string
  arguments: JsonObject | undefined
  run_id: string
}

/**
 * Fetches with a token made for exactly that request, and with no other. Redirects are not followed: a token and arguments
 * are for the server that was reviewed. Rejects with a {@link RemoteError}, except where the protocol gives a status a
 * meaning of its own.
 */
export function remoteFetch({ server, authorize, refusedAdvice, limitBytes }: RemoteFetchOptions): FetchLike {
  return async (url, init) => {
    const headers = new Headers(init?.headers)
    const call = callIn(init?.body)
    const authorization = await authorize(call).catch((cause: unknown) => {
      throw unsent(server, cause)
    })
    if (authorization !== undefined) headers.set('authorization', authorization)
    let response: Response
    try {
      response = await fetch(url, { ...init, headers, redirect: 'manual' })
    } catch (error) {
      if (init?.signal?.aborted) throw error
      throw networkError(server, error)
    }
    const isRefusal = response.status === 401 || response.status === 403 || (call && !response.ok)
    if (isRefusal && !isAnswerOfTheProtocol(response)) {
      await response.body?.cancel()
      throw statusError(server, response, { refusedAdvice, inSession: headers.has('mcp-session-id') })
    }
    return bounded(response, server, limitBytes)
  }
}

/** A modern server says what was wrong with a request in a JSON-RPC error under HTTP 400. */
function isAnswerOfTheProtocol({ status, headers }: Response): boolean {
  return status === 400 && (headers.get('content-type') ?? '').startsWith('application/json')
}

/** The call in a request's body, which is ours: undefined where the request is about something else. */
function callIn(body: unknown): AuthorizedCall | undefined {
  const message = typeof body === 'string' ? (JSON.parse(body) as Json) : null
  if (!isJsonObject(message) || message.method !== 'tools/call' || !isJsonObject(message.params)) return undefined
  const { name, arguments: args, _meta: meta } = message.params
  const envelope = isJsonObject(meta) ? meta[metaKeys.call] : undefined
  const run_id = isJsonObject(envelope) ? String(envelope.run_id) : ''
  return { tool: String(name), arguments: args as JsonObject | undefined, run_id }
}

/** The same response, which breaks off where it becomes too long. */
function bounded(response: Response, server: string, limitBytes: number): Response {
  if (!response.body) return response
  let bytes = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength
        if (bytes <= limitBytes) controller.enqueue(chunk)
        else controller.error(tooLong(server, limitBytes))
      },
    }),
  )
  const { status, statusText, headers } = response
  return new Response(counted, { status, statusText, headers })
}

function unsent(server: string, cause: unknown): RemoteError {
  return new RemoteError(`no token for ${server} could be made`, {
    mayHaveHappened: false,
    kind: 'internal',
    evidence: 'none',
    cause,
  })
}

function tooLong(server: string, limitBytes: number): RemoteError {
  return new RemoteError(`${server} answered more than the ${limitBytes} bytes that are taken`, {
    mayHaveHappened: true,
    kind: 'internal',
    evidence: 'failed',
  })
}
