import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { RunningEmulator } from '../../../shared/capability/emulator.ts'
import { slackRoutes } from './app.ts'
import { openSlackFaults } from './faults.ts'
import { openWorkspace } from './workspace.ts'

/**
 * Starts a Slack-shaped Web API on loopback. What it does not support it refuses with `emulator_unsupported`; it takes
 * only the bot token of its own data folder.
 */
export async function startSlackEmulator(dataFolder: string): Promise<RunningEmulator> {
  const workspace = openWorkspace(dataFolder)
  const server = serve({ fetch: slackRoutes(workspace, openSlackFaults()).fetch, hostname: '127.0.0.1', port: 0 })
  if (!server.listening) await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoints: { SLACK_API_URL: `${base}/api/` },
    credentials: { SLACK_BOT_TOKEN: workspace.token },
    control: `${base}/_remit`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
