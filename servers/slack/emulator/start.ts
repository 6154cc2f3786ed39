import { once } from 'node:events'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { listenSteadily, type RunningEmulator } from '../../../shared/capability/emulator.ts'
import { slackRoutes } from './app.ts'
import { openSlackFaults } from './faults.ts'
import { openWorkspace } from './workspace.ts'

/**
 * Starts a Slack-shaped Web API on loopback. What it does not support it refuses with `emulator_unsupported`; it takes
 * only the bot token of its own data folder.
 */
export async function startSlackEmulator(dataFolder: string): Promise<RunningEmulator> {
  const workspace = openWorkspace(dataFolder)
  const server = createAdaptorServer({ fetch: slackRoutes(workspace, openSlackFaults()).fetch }) as Server
  const base = `http://127.0.0.1:${await listenSteadily(server, join(dataFolder, 'port.json'))}`
  return {
    endpoints: { SLACK_API_URL: `${base}/api/` },
    credentials: { SLACK_BOT_TOKEN: workspace.token },
    control: `${base}/_remit`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
