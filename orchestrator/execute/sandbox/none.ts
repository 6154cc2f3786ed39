import { systemEnvironment } from '../launch.ts'
import type { SandboxDriver } from './driver.ts'
import { entrance } from './entrance-files.ts'

/** No sandbox: for a server whose manifest says so in a word, or where the configuration does. It stops nothing. */
export const noDriver: SandboxDriver = {
  name: 'none',
  stops: [],
  namesDoors: false,
  refuses: () => undefined,
  available: async () => ({ works: true }),
  wrap: async ({ launch: { cwd } }) => ({
    command: process.execPath,
    args: [entrance.program],
    cwd,
    env: systemEnvironment(),
    release: async () => {},
  }),
}
