import { join } from 'node:path'

const inside = join(import.meta.dirname, 'inside')

/** What of Remit itself has to be readable inside every jail, and what is run there first. */
export const entrance = {
  files: [inside],
  /** Stands beside the server, where a jail may have more than one process. */
  program: join(inside, 'entrance.ts'),
  /** Stands in the server's own process. */
  preload: join(inside, 'preload.ts'),
} as const
