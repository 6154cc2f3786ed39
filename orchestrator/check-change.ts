import { digest } from '../shared/json.ts'
import { commandName } from '../shared/own-package.ts'
import { InputError } from './cli/remit.ts'
import type { Config } from './config.ts'
import { checkSlots, goingLive } from './go-live.ts'
import type { Catalogue } from './model/catalogue.ts'

/** Which servers there are, and how they are set up. */
export interface Reviewed {
  catalogue: Catalogue
  config: Config
}

/**
 * Throws {@link InputError} where a start with what is reviewed next would be refused. What a stranger's manifest says was
 * agreed to when it was accepted.
 */
export async function checkChange(before: Reviewed, next: Reviewed): Promise<void> {
  const { catalogue, config } = next
  await checkSlots(config, catalogue)
  if (config.mode !== 'live') return
  const changed = [...catalogue.servers.keys()].filter((name) => {
    const reach = catalogue.joined?.has(name) ? setUpOf : reachOf
    return reach(before, name) !== reach(next, name)
  })
  if (changed.length === 0 || !(await goingLive(config, catalogue))) return
  throw new InputError(
    `Nobody has agreed to what ${changed.join(', ')} would reach by now: ${commandName} servers --check, on a terminal, asks`,
  )
}

/** Everything by which a server comes to endpoints and accounts: what people agree to in live mode. */
function reachOf(reviewed: Reviewed, name: string): string | undefined {
  const server = reviewed.catalogue.servers.get(name)
  if (!server) return undefined
  const { endpoints, credentials, settings, egress } = server
  return digest([endpoints, credentials, settings, egress, setUpOf(reviewed, name)])
}

function setUpOf({ config }: Reviewed, name: string): string {
  return digest(config.servers[name] ?? null)
}
