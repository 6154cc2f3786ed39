import type { FetchLike } from '@modelcontextprotocol/client'
import { metaKeys } from '../../../shared/capability/call-meta.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import type { Bearer, RemoteCall } from './bearer.ts'
import { boundedResponse } from './bounded-response.ts'
import { networkError, RemoteError, statusError } from './remote-error.ts'

export interface RemoteFetchOptions {
  server: string
  bearer: Bearer
  /** Bytes that one answer may have. */
  limitBytes: number
}

/**
 * Fetches with what lets in exactly that request, and with nothing else. Redirects are not followed: a token and
 * arguments are for the server that was reviewed. Rejects with a {@link RemoteError}, except where the protocol gives a
 * status a meaning of its own.
 */
export function remoteFetch({ server, bearer, limitBytes }: RemoteFetchOptions): FetchLike {
  const send = async (
    token: string | undefined,
    url: string | URL,
    init: RequestInit | undefined,
  ): Promise<Response> => {
    const headers = new Headers(init?.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    try {
      return await fetch(url, { ...init, headers, redirect: 'manual' })
    } catch (error) {
      if (init?.signal?.aborted) throw error
      throw networkError(server, error)
    }
  }

  return async (url, init) => {
    const call = callIn(init?.body)
    const token = await bearer.token(call)
    let response = await send(token, url, init)
    if (response.status === 401 && bearer.renew && token !== undefined) {
      await response.body?.cancel()
      await bearer.renew(token)
      response = await send(await bearer.token(call), url, init)
    }
    const isOfToken = response.status === 401 || response.status === 403
    if ((isOfToken || (call && !response.ok)) && !isAnswerOfTheProtocol(response)) {
      await response.body?.cancel()
      const inSession = new Headers(init?.headers).has('mcp-session-id')
      throw isOfToken ? bearer.refusal(response) : statusError(server, response, inSession)
    }
    return boundedResponse(response, limitBytes, () => tooLong(server, limitBytes))
  }
}

/** A modern server says what was wrong with a request in a JSON-RPC error under HTTP 400. */
function isAnswerOfTheProtocol({ status, headers }: Response): boolean {
  return status === 400 && (headers.get('content-type') ?? '').startsWith('application/json')
}

/** The call in a request's body, which is ours: undefined where the request is about something else. */
function callIn(body: unknown): RemoteCall | undefined {
  const message = typeof body === 'string' ? (JSON.parse(body) as Json) : null
  if (!isJsonObject(message) || message.method !== 'tools/call' || !isJsonObject(message.params)) return undefined
  const { name, arguments: args, _meta: meta } = message.params
  const envelope = isJsonObject(meta) ? meta[metaKeys.call] : undefined
  const run_id = isJsonObject(envelope) ? String(envelope.run_id) : ''
  return { tool: String(name), arguments: args as JsonObject | undefined, run_id }
}

function tooLong(server: string, limitBytes: number): RemoteError {
  return new RemoteError(`${server} answered more than the ${limitBytes} bytes that are taken`, {
    mayHaveHappened: true,
    kind: 'internal',
    evidence: 'failed',
  })
}
