import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { createMcpHandler, type McpServerFactory, type ServerNotifier } from '@modelcontextprotocol/server'
import { isJsonObject } from '../json.ts'
import type { CallGate } from './call-gate.ts'
import { notPerformedHeader } from './call-meta.ts'
import { defaultHttpLimits, type HttpLimits } from './http-limits.ts'
import { isLoopback } from './loopback.ts'
import { openWork } from './open-work.ts'
import { bodyLimitBytes, openRoom, readBody } from './read-body.ts'
import { createSessionHandler } from './session-handler.ts'

const mcpPath = '/mcp'
/** `/healthz` says that the process answers, `/readyz` whether it wants requests: what a balancer asks. */
const healthPaths = ['/healthz', '/readyz']
/** Between two looks for connections whose time is up. */
const checkEachMs = 5_000
/** For connections to end by themselves after the last answer. */
const farewellMs = 500

/** A server that listens, until `close`. */
export interface HttpListening {
  url: string
  /** Tells clients of 2026-07-28 that listen for it what changed. */
  notify: ServerNotifier
  /** Takes no more requests, lets those in flight end for as long as the limits say, and stops listening. */
  close(): Promise<void>
}

export interface HttpOptions {
  port: number
  /** 127.0.0.1 unless said; anything but loopback needs a gate. */
  host?: string | undefined
  /** Asked for every request; without one, whoever reaches the server may use it. */
  gate?: CallGate | undefined
  /** Whether clients that open with the 2025 handshake get sessions, which only this process knows. */
  sessions?: boolean | undefined
  /** What differs from the default limits. */
  limits?: Partial<HttpLimits>
  onerror: (error: Error) => void
}

/**
 * Serves both protocol eras over Streamable HTTP. On loopback, Host and Origin are checked, so that no web page can reach it
 * through the user's browser; elsewhere nothing from a browser is taken, and every request needs a token. Throws where it
 * should be open to others without one. Without sessions nothing is kept between two requests, so any instance can serve any
 * of them, also for a 2025-era client, which cannot cancel a call then: the deadline ends it.
 */
export async function serveHttp(build: McpServerFactory, options: HttpOptions): Promise<HttpListening> {
  const { port, host = '127.0.0.1', gate, sessions = false, onerror } = options
  const limits = { ...defaultHttpLimits, ...options.limits }
  const local = isLoopback(host)
  if (!local && !gate) {
    throw new Error(
      `${host} can be reached by others: set REMIT_TOKEN_KEYS to Remit's public keys (a JWKS, by URL or file), or listen on loopback only`,
    )
  }
  const serving = { onerror, maxRequestBodySize: bodyLimitBytes, maxSubscriptions: limits.subscriptions }
  const mcp = sessions ? createSessionHandler(build, serving) : createMcpHandler(build, serving)
  const handle = toNodeHandler(mcp, { onerror })
  const hostAllowed = local ? localhostHostValidation() : () => true
  const originAllowed = local ? localhostOriginValidation() : refuseBrowsers
  const arriving = openRoom(limits.arrivingBytes)
  const work = openWork()
  const calls = openWork()
  let draining = false

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (draining) response.setHeader('connection', 'close')
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (healthPaths.includes(path)) return answerHealth(response, draining && path === '/readyz')
    if (path !== mcpPath) return refuse(response, 404, `The MCP endpoint is ${mcpPath}`)
    const body = await readBody(request, arriving)
    if ('status' in body) return body.status === 503 ? sendAway(response, body.why) : refuseBody(response, body)
    if (draining) return sendAway(response, 'This instance is stopping')
    // A stream that only tells of changes ends when the server does: nobody waits for it.
    const isStream = request.method !== 'POST' || asks(body.json, 'subscriptions/listen')
    const counted = { work: !isStream, calls: asks(body.json, 'tools/call') }
    if (work.count >= limits.requests || (counted.calls && calls.count >= limits.calls))
      return sendAway(response, 'This instance works on as much as it can')
    if (counted.work) response.once('close', work.start())
    if (counted.calls) response.once('close', calls.start())
    const why = await gate?.({ authorization: request.headers.authorization, message: body.json })
    if (why !== undefined) {
      response.setHeader('www-authenticate', `Bearer error="invalid_token", error_description="${why}"`)
      return refuse(response, 401, why)
    }
    // What was judged is what is done: the body is not read a second time.
    await handle(request as NodeIncomingMessageLike, response, body.json)
  }

  const timeouts = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.arrivalMs,
    connectionsCheckingInterval: Math.min(limits.headersMs, checkEachMs),
    keepAliveTimeout: limits.keepAliveMs,
  }
  const http = createServer(timeouts, (request, response) => {
    answer(request, response).catch((error: Error) => {
      onerror(error)
      response.destroy()
    })
  })
  http.maxConnections = limits.connections
  http.listen(port, host)
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error(`${host} gave no port`)
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}${mcpPath}`,
    notify: mcp.notify,
    async close() {
      draining = true
      await Promise.race([work.idle(), sleep(limits.drainMs, undefined, { ref: false })])
      await mcp.close()
      const closed = once(http, 'close')
      http.close()
      await Promise.race([closed, sleep(farewellMs, undefined, { ref: false })])
      http.closeAllConnections()
    },
  }
}

/** No web page has a token; one that sends requests tries what it should not. */
function refuseBrowsers({ headers }: IncomingMessage, response: ServerResponse): boolean {
  if (headers.origin === undefined) return true
  refuse(response, 403, 'Requests from web pages are not taken')
  return false
}

function answerHealth(response: ServerResponse, stopping: boolean): void {
  answerJson(response, stopping ? 503 : 200, { status: stopping ? 'stopping' : 'ok' })
}

/** Nothing was done, and the answer says so: who has another instance to ask may ask it. */
function sendAway(response: ServerResponse, why: string): void {
  response.setHeader('retry-after', '1').setHeader(notPerformedHeader, '1')
  refuse(response, 503, why)
}

/** A body that is no JSON is answered as JSON-RPC 2.0 asks for. */
function refuseBody(response: ServerResponse, { status, why }: { status: number; why: string }): void {
  if (status === 400) {
    const error = { code: -32_700, message: `Parse error: ${why}` }
    answerJson(response, status, { jsonrpc: '2.0', id: null, error })
  } else refuse(response, status, why)
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`)
}

/** Whether a message, or one of a batch, is a request of this kind. */
function asks(body: unknown, method: string): boolean {
  return [body].flat().some((message) => isJsonObject(message) && message.method === method)
}
