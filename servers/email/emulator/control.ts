import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
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

/** Serves the control routes on a loopback port of their own. */
export async function serveControl(
  mailbox: Mailbox,
  faults: MailFaults,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = serve({ fetch: controlRoutes(mailbox, faults).fetch, hostname: '127.0.0.1', port: 0 })
  if (!server.listening) await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/_remit`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
