import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import type { HttpEnv } from './http-env.ts'

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:4747`. */
  url: string
  /** Takes no new connections, lets requests under way be answered for up to `graceMs`, then cuts what is left; may be called again with less. */
  close(graceMs: number): Promise<void>
}

/** A client that sends its request too slowly is cut off, so that a few of them cannot take every connection. */
const slowest = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 }

/** Serves the application. Rejects where the address is taken, or not this machine's. */
export async function listen(app: Hono<HttpEnv>, { host, port }: { host: string; port: number }): Promise<HttpServer> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: slowest,
  }) as Server
  server.listen(port, host)
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  const closed = once(server, 'close')
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close(graceMs) {
      server.close()
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}
