import { chmodSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What lies under REMIT_HOME: everything that Remit keeps, in folders that only their owner may enter (0700). */
export interface Home {
  path: string
  /** The embedded Postgres: its data, or a note of where the data had to go. */
  postgres: string
  /** Keys that must stay outside Postgres: of the sealed fields, of the signed heads. */
  keys: string
  /** Passwords that Remit made for itself. */
  credentials: string
  /** Output of processes that outlive a command. */
  logs: string
  /** A lock file for each process that the commands on this home share. */
  processes: string
  /** The registry of those processes and of the commands that use them. */
  registry: string
  /** The private folder of a capability server; made when first asked for. */
  serverFolder(name: string): string
  /** The folder of a vendor's emulator; made when first asked for. */
  emulatorFolder(name: string): string
}

/**
 * Opens REMIT_HOME, making what is missing. A relative path is taken from the current folder. Root's home lets others
 * pass (0711), because the account that Postgres runs as has to reach its folder.
 */
export function openHome(path: string): Home {
  const root = resolve(path)
  const folder = (...names: string[]) => privateFolder(join(root, ...names))
  privateFolder(root, process.getuid?.() === 0 ? 0o711 : 0o700)
  return {
    path: root,
    postgres: folder('postgres'),
    keys: folder('keys'),
    credentials: folder('credentials'),
    logs: folder('logs'),
    processes: folder('processes'),
    registry: join(root, 'processes', 'home.db'),
    serverFolder: (name) => folder('servers', plainName(name)),
    emulatorFolder: (name) => folder('emulators', plainName(name)),
  }
}

function privateFolder(path: string, mode = 0o700): string {
  mkdirSync(path, { recursive: true, mode })
  chmodSync(path, mode)
  return path
}

function plainName(name: string): string {
  if (!/^[a-z][a-z0-9_-]*$/.test(name))
    throw new TypeError(`"${name}" cannot name a folder: use lower-case letters, digits, "-" and "_"`)
  return name
}
