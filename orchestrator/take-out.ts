import type { Config } from './config.ts'
import { dropJoined } from './joined-files.ts'
import { type Draft, draft } from './model/event.ts'
import { forgetAccepted } from './tool-changes.ts'

/**
 * Has a stranger's server take part no more; false where there is none of that name. What it was held to is forgotten, and the
 * record keeps that it was there and who took it out. Whoever follows the servers lets calls under way settle.
 */
export async function takeOut(
  config: Config,
  journal: { note(drafts: readonly Draft[]): Promise<unknown> },
  { server, by }: { server: string; by: string },
): Promise<boolean> {
  const found = await dropJoined(config, server, () =>
    journal.note([draft('system_noted', { what: 'server_dropped', details: { server, by } })]),
  )
  if (found) await forgetAccepted(config, server)
  return found
}
