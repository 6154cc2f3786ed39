import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { createMcpHandler, type McpServerFactory } from '@modelcontextprotocol/server'

const host = '127.0.0.1'
const path = '/mcp'

/** A server that listens on loopback, until `close`. */
export interface HttpListening {
  url: string
  close(): Promise<void>
}

/**
 * Serves both protocol eras over Streamable HTTP, on loopback only. Host and Origin are checked, so that no web page can
 * reach it through the user's browser; there is no other access control. A 2025-era client is served without sessions,
 * so it cannot cancel a call: the deadline ends it.
 */
export async function serveHttp(
  build: McpServerFactory,
  { port, onerror }: { port: number; onerror: (error: Error) => void },
): Promise<HttpListening> {
  const mcp = createMcpHandler(build, { onerror })
  const handle = toNodeHandler(mcp, { onerror })
  const hostAllowed = localhostHostValidation()
  const originAllowed = localhostOriginValidation()
  const http = createServer((request, response) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    if (new URL(request.url ?? '/', `http://${host}`).pathname !== path) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`The MCP endpoint is ${path}\n`)
      return
    }
    handle(request as NodeIncomingMessageLike, response).catch(onerror)
  })
  http.listen(port, host)
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error(`${host} gave no port`)
  return {
    url: `http://${host}:${address.port}${path}`,
    async close() {
      await mcp.close()
      http.closeAllConnections()
      http.close()
    },
  }
}
