import { join } from 'node:path'
import { listenHttp, type RunningEmulator } from '../../../shared/capability/emulator.ts'
import { slackRoutes } from './app.ts'
import { openSlackFaults } from './faults.ts'
import { openWorkspace } from './workspace.ts'

/**
 * Starts a Slack-shaped Web API on loopback. What it does not support it refuses with `emulator_unsupported`; it takes
 * only the bot token of its own data folder.
 */
export async function startSlackEmulator(dataFolder: string): Promise<RunningEmulator> {
  const workspace = openWorkspace(dataFolder)
  const { url, close } = await listenHttp(slackRoutes(workspace, openSlackFaults()), join(dataFolder, 'port.json'))
  return {
    endpoints: { SLACK_API_URL: `${url}/api/` },
    credentials: { SLACK_BOT_TOKEN: workspace.token },
    control: `${url}/_remit`,
    close,
  }
}
