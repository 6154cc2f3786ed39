import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestListener,
  request as requestHttp,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { pipeline } from 'node:stream'
import type { HeaderForm } from '../../../shared/manifest.ts'
import { neverSent } from '../../../shared/never-sent.ts'
import type { LiveCredential } from '../credentials/live-credential.ts'
import type { CallsInFlight, Exchange } from './calls-in-flight.ts'
import { requestHeaders, responseHeaders } from './carried-headers.ts'
import { countBytes } from './count-bytes.ts'
import { credentialHeader } from './credential-header.ts'
import { decoderOf } from './decoder.ts'
import { parseTarget, pathBelow, type Target } from './match-request.ts'
import { refuse } from './refusal.ts'
import { scrubStream, scrubWhole } from './scrub-stream.ts'
import { type Body, takeBody } from './take-body.ts'

/** A credential that is added to every request to one endpoint. */
export interface AddedCredential {
  slot: string
  header: HeaderForm
  credential: LiveCredential
}

export interface EndpointDoorOptions {
  /** Environment variable of the endpoint. */
  endpoint: string
  /** Where it really is. */
  url: URL
  /** The first segment of every path that the server was given: who does not know it is not the server. */
  key: string
  credentials: readonly AddedCredential[]
  calls: CallsInFlight
  /** Forms of every secret that must not come back. */
  forms: () => readonly string[]
  /** Where a redirect may lead, as the server has to write it; undefined where it may not. */
  reachable(location: URL): string | undefined
  limits: DoorLimits
}

export interface DoorLimits {
  requestBytes: number
  /** A body that is no longer than this can be sent again, where its credential was refused. */
  replayBytes: number
  responseBytes: number
  /** How long an endpoint may say nothing. */
  silenceMs: number
}

/** A reverse proxy for one HTTP endpoint. */
export interface EndpointDoor {
  listener: RequestListener
  close(): void
}

/** One request of the server's on its way out and back. */
interface Passage {
  request: IncomingMessage
  response: ServerResponse
  target: Target
  what: Parameters<CallsInFlight['begin']>[0]
}

/** An unused connection is closed before its endpoint does so: a request that meets the close would be lost. */
const idleMs = 4_000

/**
 * Passes on what the tools in flight declare, with the credential added, and gives back the answer without it. Whatever
 * else is asked for is refused and recorded.
 */
export function endpointDoor(options: EndpointDoorOptions): EndpointDoor {
  const { endpoint, url, key, credentials, calls, forms, limits } = options
  const secure = url.protocol === 'https:'
  const kept = { keepAlive: true, timeout: idleMs }
  const agent = secure ? new HttpsAgent(kept) : new HttpAgent(kept)
  const port = url.port || (secure ? '443' : '80')
  const host = `${url.hostname}:${port}`
  const own = `/${key}`

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: asked = '' } = request
    if (!asked.startsWith(`${own}/`) && !asked.startsWith(`${own}?`) && asked !== own) {
      refuse(response, 404, 'The address is not the one that the server was given')
      return
    }
    const target = parseTarget(asked.slice(own.length) || '/')
    const path = target && pathBelow(url.pathname, target.path)
    const what = { endpoint, protocol: 'http', host, method } as const
    const deny = (why: string) => {
      calls.deny({ ...what, path: target?.path ?? asked.slice(own.length) }, why)
      refuse(response, 403, `${endpoint}: ${why}`)
    }
    if (!target || path === undefined) return deny('the path cannot be taken as it is written')
    if (Number(request.headers['content-length'] ?? 0) > limits.requestBytes)
      return refuse(response, 413, `${endpoint}: more than ${limits.requestBytes} bytes are not passed on`)
    const refusal = calls.refusal({ endpoint, method, path })
    if (refusal !== undefined) return deny(refusal)
    await carry({ request, response, target, what: { ...what, path } })
  }

  /** Sends a request on, and once more where its credential was refused and the source has another one by now. */
  async function carry(passage: Passage): Promise<void> {
    const { request, response, what } = passage
    let exchange = calls.begin(what)
    try {
      const body = await takeBody(request, limits.replayBytes)
      const used = await currentValues()
      // Why it is not there is for the operator; the server only has to know that nothing was sent.
      if ('missing' in used) return refuse(response, 503, `${endpoint}: the credential ${used.missing} is not there`)
      if (exchange.signal.aborted) return void response.destroy()
      let answer = await ask(passage, body, used.values, exchange)
      const renewed = answer?.statusCode === 401 ? await valuesAfter(used.values) : undefined
      if (exchange.signal.aborted) return void response.destroy()
      if (answer && renewed && body.whole) {
        answer.destroy()
        exchange.status(401)
        exchange.end()
        exchange = calls.begin(what)
        answer = await ask(passage, body, renewed, exchange)
        if (answer?.statusCode === 401) refuseValues(renewed)
      }
      if (answer) await giveBack(answer, response, exchange)
    } finally {
      exchange.end()
    }
  }

  /** The value of each credential, in their order; or the slot that has none. */
  async function currentValues(): Promise<{ values: string[] } | { missing: string }> {
    const values: string[] = []
    for (const { slot, credential } of credentials) {
      const found = await credential.current()
      if ('fault' in found) return { missing: slot }
      values.push(found.value)
    }
    return { values }
  }

  /** What the sources give now that these were refused; undefined where that is the same, or nothing. */
  async function valuesAfter(refused: readonly string[]): Promise<string[] | undefined> {
    refuseValues(refused)
    const now = await currentValues()
    return 'values' in now && now.values.some((value, index) => value !== refused[index]) ? now.values : undefined
  }

  function refuseValues(values: readonly string[]): void {
    for (const [index, { credential }] of credentials.entries()) credential.refused(values[index] ?? '')
  }

  /** Sends the request; undefined where it was refused, or its answer lost, and the server has been told. */
  function ask(
    { request, response, target: { path, query } }: Passage,
    body: Body,
    values: readonly string[],
    exchange: Exchange,
  ): Promise<IncomingMessage | undefined> {
    const headers = credentials.map(({ header }, index) => credentialHeader(header, values[index] ?? ''))
    return new Promise((resolve) => {
      let outgoing: ClientRequest
      try {
        outgoing = (secure ? requestHttps : requestHttp)({
          hostname: url.hostname.replace(/^\[|\]$/g, ''),
          port,
          method: request.method,
          path: path + query,
          headers: requestHeaders(request, headers),
          agent,
          signal: exchange.signal,
          timeout: limits.silenceMs,
        })
      } catch {
        refuse(response, 400, `${endpoint}: a header cannot be passed on`)
        return resolve(undefined)
      }
      outgoing.once('timeout', () => outgoing.destroy())
      outgoing.once('response', resolve)
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (neverSent(error) && !outgoing.reusedSocket)
          refuse(response, 502, `${endpoint} cannot be reached (${error.code}); nothing was sent`)
        // What became of it nobody knows, which is what a closed connection says.
        else response.destroy()
        resolve(undefined)
      })
      response.once('close', () => {
        if (!response.writableFinished) outgoing.destroy()
      })
      // Without a length and without chunks there is no body, and a body without either would be read as another request.
      const stream = body.stream()
      if (stream) pipeline(stream, countBytes(limits.requestBytes, exchange.out), outgoing, () => undefined)
      else outgoing.end()
    })
  }

  async function giveBack(answer: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
    const status = answer.statusCode ?? 502
    exchange.status(status)
    const secrets = credentials.length > 0 ? forms() : []
    const decoder = secrets.length > 0 ? decoderOf(answer.headers['content-encoding']) : undefined
    if (decoder === 'unknown') {
      answer.destroy()
      response.destroy()
      return
    }
    const headers = responseHeaders(answer.headers, secrets)
    const { location } = answer.headers
    if (location !== undefined) {
      const to = URL.parse(location, new URL(answer.url || '/', url))
      const reachable = to && options.reachable(to)
      if (reachable) headers.location = scrubWhole(reachable, secrets)
      else exchange.refuse(`a redirect to ${to ? to.host : 'what is no URL'}, which is not listed`)
    }
    response.writeHead(status, headers)
    const steps = [
      countBytes(limits.responseBytes, exchange.in),
      ...(decoder ? [decoder, countBytes(limits.responseBytes, () => undefined)] : []),
      ...(secrets.length > 0 ? [scrubStream(secrets)] : []),
    ]
    await new Promise<void>((resolve) => {
      pipeline([answer, ...steps, response], () => resolve())
    })
  }

  return {
    listener: (request, response) => {
      // A connection that breaks is told to nobody but the one who waits for it.
      request.on('error', () => response.destroy())
      response.on('error', () => undefined)
      listener(request, response).catch(() => response.destroy())
    },
    close: () => agent.destroy(),
  }
}
