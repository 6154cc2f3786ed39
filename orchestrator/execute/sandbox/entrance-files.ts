import { join } from 'node:path'
import { ownModule } from '../../../shared/own-package.ts'

const inside = join(import.meta.dirname, 'inside')

/** What of Remit itself has to be readable inside every jail, and what is run there first. */
export const entrance = {
  files: [inside],
  /** Stands beside the server, where a jail may have more than one process. */
  program: ownModule('orchestrator/execute/sandbox/inside/entrance'),
  /** Stands in the server's own process. */
  preload: ownModule('orchestrator/execute/sandbox/inside/preload'),
} as const
