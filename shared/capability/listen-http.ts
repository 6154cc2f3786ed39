import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { listenSteadily } from './listen-steadily.ts'

/** What routes of an emulator know of the connection that a request came on. */
export type EmulatorBindings = { Bindings: HttpBindings }

/** A Hono app, or whatever else answers requests. */
type Routes = Pick<Parameters<typeof createAdaptorServer>[0], 'fetch'>

/** Routes that are served on 127.0.0.1. */
export interface ListeningHttp {
  /** Without a slash at its end. */
  url: string
  /** Ends connections that are still open, too. */
  close(): Promise<void>
}

/** Serves routes on the port that the file names, or on a free one, which it then names. */
export async function listenHttp({ fetch }: Routes, portFile: string): Promise<ListeningHttp> {
  const server = createAdaptorServer({ fetch }) as Server
  const port = await listenSteadily(server, portFile)
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Ends the connection of a request in the place of an answer: what was done stays done, and nobody hears of it. */
export function dropConnection({ env }: Pick<Context<EmulatorBindings>, 'env'>): Response {
  env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}
