import type { DatabaseSync } from 'node:sqlite'
import type { Json } from '../../shared/json.ts'
import { withFileLock } from './file-lock.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'
import type { StopBy } from './stop-process.ts'

/** A process that the commands on one home share. */
export interface Service extends ProcessIdentity {
  name: string
  stopBy: StopBy
  /** What its users need to reach it; undefined while it starts. Never a secret. */
  info: Json | undefined
}

/** A command that uses the home. */
export interface Command extends ProcessIdentity {
  id: string
}

/** Who uses a home and what runs for it, as seen by the one process that holds the registry. */
export interface Registry {
  addCommand(command: Command): void
  removeCommand(id: string): void
  /** The commands that live; those that died without leaving are forgotten. */
  liveCommands(): Command[]
  setService(service: Service): void
  removeService(name: string): void
  services(): Service[]
  /** That command needs that service, until it says otherwise or is gone. */
  addUse(service: string, commandId: string): void
  removeUse(service: string, commandId: string): void
  /** Whether a command that lives needs the service. */
  isUsed(service: string): boolean
}

const schema = `
  CREATE TABLE IF NOT EXISTS commands (id TEXT PRIMARY KEY, pid INTEGER NOT NULL, start TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS services (
    name TEXT PRIMARY KEY, pid INTEGER NOT NULL, start TEXT NOT NULL, stop_by TEXT NOT NULL, info TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS uses (service TEXT, command TEXT, PRIMARY KEY (service, command)) STRICT;`

/** Reads and changes the registry file, alone among all processes on the home. */
export function withRegistry<Result>(
  path: string,
  work: (registry: Registry) => Promise<Result> | Result,
): Promise<Result> {
  return withFileLock(path, (database) => {
    database.exec(schema)
    return work(registryIn(database))
  })
}

interface ServiceRow extends ProcessIdentity {
  name: string
  stop_by: string
  info: string | null
}

function registryIn(database: DatabaseSync): Registry {
  const registry: Registry = {
    addCommand({ id, pid, start }) {
      database.prepare('INSERT INTO commands (id, pid, start) VALUES (?, ?, ?)').run(id, pid, start)
    },
    removeCommand(id) {
      database.prepare('DELETE FROM commands WHERE id = ?').run(id)
      database.prepare('DELETE FROM uses WHERE command = ?').run(id)
    },
    liveCommands() {
      const rows = database.prepare('SELECT id, pid, start FROM commands').all() as unknown as Command[]
      const dead = rows.filter((command) => !isAlive(command))
      for (const { id } of dead) registry.removeCommand(id)
      return rows.filter((command) => !dead.includes(command))
    },
    setService({ name, pid, start, stopBy, info }) {
      database
        .prepare('INSERT OR REPLACE INTO services (name, pid, start, stop_by, info) VALUES (?, ?, ?, ?, ?)')
        .run(name, pid, start, JSON.stringify(stopBy), info === undefined ? null : JSON.stringify(info))
    },
    removeService(name) {
      database.prepare('DELETE FROM services WHERE name = ?').run(name)
    },
    services() {
      const rows = database.prepare('SELECT name, pid, start, stop_by, info FROM services ORDER BY name').all()
      return (rows as unknown as ServiceRow[]).map(({ name, pid, start, stop_by, info }) => ({
        name,
        pid,
        start,
        stopBy: JSON.parse(stop_by) as StopBy,
        info: info === null ? undefined : (JSON.parse(info) as Json),
      }))
    },
    addUse(service, commandId) {
      database.prepare('INSERT OR IGNORE INTO uses (service, command) VALUES (?, ?)').run(service, commandId)
    },
    removeUse(service, commandId) {
      database.prepare('DELETE FROM uses WHERE service = ? AND command = ?').run(service, commandId)
    },
    isUsed(service) {
      const ids = registry.liveCommands().map(({ id }) => id)
      const users = database.prepare('SELECT command FROM uses WHERE service = ?').all(service)
      return users.some(({ command }) => ids.includes(String(command)))
    },
  }
  return registry
}
