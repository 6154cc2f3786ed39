import { ownModule } from '../shared/own-package.ts'
import type { Config } from './config.ts'
import { type AfterDeath, afterDeath } from './home/after-death.ts'

/** Should this process be killed, what no other command uses is stopped: hosts end what they started without asking. */
export function stopUnusedAfterDeath({ root, home, environment }: Config): AfterDeath {
  return afterDeath([process.execPath, ownModule('orchestrator/main'), 'stop', '--unused'], {
    REMIT_PROJECT: root,
    REMIT_HOME: home,
    PATH: environment.PATH ?? '',
  })
}
