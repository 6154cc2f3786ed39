import { Hono } from 'hono'
import { faultRoutes, listenHttp } from '../../../shared/capability/emulator.ts'
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
  const { url, close } = await listenHttp(controlRoutes(mailbox, faults), portFile)
  return { url: `${url}/_remit`, close }
}
