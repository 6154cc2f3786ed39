import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { createMcpHandler, type McpServerFactory, type ServerNotifier } from '@modelcontextprotocol/server'
import type { CallGate } from './call-gate.ts'
import { isLoopback } from './loopback.ts'
import { bodyLimitBytes, readBody } from './read-body.ts'
import { createSessionHandler } from './session-handler.ts'

const path = '/mcp'

/** A server that listens, until `close`. */
export interface HttpListening {
  url: string
  /** Tells clients of 2026-07-28 that listen for it what changed. */
  notify: ServerNotifier
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
  onerror: (error: Error) => void
}

/**
 * Serves both protocol eras over Streamable HTTP. On loopback, Host and Origin are checked, so that no web page can reach it
 * through the user's browser; elsewhere nothing from a browser is taken, and every request needs a token. Throws where it
 * should be open to others without one. Without sessions a 2025-era client cannot cancel a call: the deadline ends it.
 */
export async function serveHttp(build: McpServerFactory, options: HttpOptions): Promise<HttpListening> {
  const { port, host = '127.0.0.1', gate, sessions = false, onerror } = options
  const local = isLoopback(host)
  if (!local && !gate) {
    throw new Error(
      `${host} can be reached by others: set REMIT_TOKEN_KEYS to Remit's public keys (a JWKS, by URL or file), or listen on loopback only`,
    )
  }
  const serving = { onerror, maxRequestBodySize: bodyLimitBytes }
  const mcp = sessions ? createSessionHandler(build, serving) : createMcpHandler(build, serving)
  const handle = toNodeHandler(mcp, serving)
  const hostAllowed = local ? localhostHostValidation() : () => true
  const originAllowed = local ? localhostOriginValidation() : refuseBrowsers

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== path)
      return refuse(response, 404, `The MCP endpoint is ${path}`)
    if (!gate) return handle(request as NodeIncomingMessageLike, response)
    const body = await readBody(request)
    if ('status' in body) return refuse(response, body.status, body.why)
    const why = await gate({ authorization: request.headers.authorization, message: body.json })
    if (why !== undefined) {
      response.setHeader('www-authenticate', `Bearer error="invalid_token", error_description="${why}"`)
      return refuse(response, 401, why)
    }
    // What was judged is what is done: the body is not read a second time.
    await handle(request as NodeIncomingMessageLike, response, body.json)
  }

  const http = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      onerror(error)
      response.destroy()
    })
  })
  http.listen(port, host)
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error(`${host} gave no port`)
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}${path}`,
    notify: mcp.notify,
    async close() {
      await mcp.close()
      http.closeAllConnections()
      http.close()
    },
  }
}

/** No web page has a token; one that sends requests tries what it should not. */
function refuseBrowsers({ headers }: IncomingMessage, response: ServerResponse): boolean {
  if (headers.origin === undefined) return true
  refuse(response, 403, 'Requests from web pages are not taken')
  return false
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`)
}
