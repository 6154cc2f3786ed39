import { checkChange, type Reviewed } from './check-change.ts'
import { InputError } from './cli/remit.ts'
import type { Gateway } from './execute/gateway.ts'
import type { KeptEmulators } from './keep-emulators.ts'
import type { LiveConfig } from './live-config.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Goal } from './model/goal.ts'
import type { LiveCatalogue } from './model/live-catalogue.ts'
import { withSubGoals } from './model/sub-goals.ts'
import type { Log } from './observe/open-log.ts'
import { watchCatalogue } from './watch-catalogue.ts'

export interface Following {
  config: LiveConfig
  /** What the files said when the command began. */
  read: Catalogue
  /** What is used of it; sub-goals included. */
  catalogue: LiveCatalogue
  goals: readonly Goal[]
  gateway: Pick<Gateway, 'adopt' | 'gone'>
  emulators: Pick<KeptEmulators, 'letGo'>
  log: Pick<Log, 'info' | 'warn'>
}

/**
 * Has servers join, change and leave as the project's files say, until it is closed. Where those say what a start would
 * refuse, the log says so, once, and everything goes on as it was.
 */
export function followServers(following: Following): { close(): Promise<void> } {
  const { config, read, catalogue, goals, gateway, emulators, log } = following
  const onTrouble = (error: unknown) =>
    log.warn({ reason: reasonOf(error) }, 'a change of the servers was not taken up, or not wholly')

  async function adopt(next: Reviewed): Promise<void> {
    await checkChange({ catalogue, config }, next)
    const whole = withSubGoals(next.catalogue, goals)
    config.adopt(next.config)
    catalogue.adopt(whole)
    const { started, ...servers } = gateway.adopt(whole)
    log.info({ servers }, 'a change of the servers was taken up')
    // Calls that are under way may take long to settle: what changes next waits for none of that.
    started.catch(onTrouble)
    emulators.letGo(catalogue, (server) => gateway.gone(server)).catch(onTrouble)
  }
  return watchCatalogue({ catalogue: read, config }, { adopt, onTrouble })
}

/** With each fault by its path. */
function reasonOf(error: unknown): string {
  const issues = error instanceof InputError ? error.issues : []
  const message = error instanceof Error ? error.message : String(error)
  return [message, ...issues.map((issue) => `  ${issue.path} ${issue.message}`)].join('\n')
}
