import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { listenSteadily } from '../../../shared/capability/emulator.ts'
import { faultRoutes } from '../../../shared/capability/emulator-faults.ts'
import type { MailFaults } from './faults.ts'
import type { Mailbox } from './mailbox.ts'

/** The routes by which tests and rehearsals look at the mail that came in and arm a fault. */
function controlRoutes(mailbox: Mailbox, faults: MailFaults) {
  return new Hono()
    .basePath('/_remit')
    .get('/state', async (c) => c.json({ messages: await mailbox.list() }))
    .route('/', faultRoutes(faults))
}

/** Serves the control routes on a loopback port of their own, which a file keeps. */
export async function serveControl(
  mailbox: Mailbox,
  faults: MailFaults,
  portFile: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: controlRoutes(mailbox, faults).fetch }) as Server
  return {
    url: `http://127.0.0.1:${await listenSteadily(server, portFile)}/_remit`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
