import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Issue } from '../shared/failure.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import { plainName } from '../shared/manifest.ts'
import { type Config, ConfigError } from './config.ts'
import { type Lockfile, lockfileSchema } from './execute/packages/lockfile.ts'
import { withFileLock } from './home/file-lock.ts'
import { openHome } from './home/home.ts'
import { type JoinedFile, type JoinedServer, joinedFileSchema } from './model/joined-server.ts'

const locksSchema = z.record(plainName, lockfileSchema)

/** The strangers' servers of the project. Throws {@link ConfigError} with every fault by its path. */
export function readJoined(config: Pick<Config, 'serversFile'>): JoinedFile['servers'] {
  return read(config.serversFile, joinedFileSchema, { version: 1, servers: {} }).servers
}

/** The lockfile of a server's package; undefined where there is none. */
export function readLock(config: Pick<Config, 'locksFile'>, server: string): Lockfile | undefined {
  return read(config.locksFile, locksSchema, {})[server]
}

/** What is put in the place of what. */
export interface Joining {
  server: JoinedServer
  /** The lockfile of its package. */
  lock: Lockfile | undefined
  /** The one of its name as it was when this one was proposed. */
  before: JoinedServer | undefined
}

/**
 * Puts a server in the place of the earlier one of its name, once `record` has recorded it. Rejects with {@link ConfigError},
 * and records nothing, where another one came into that place meanwhile: what was accepted did not speak of that.
 */
export function keepJoined(
  config: Config,
  name: string,
  { server, lock, before }: Joining,
  record: () => Promise<unknown>,
): Promise<void> {
  return change(config, async (servers, locks) => {
    if (!isDeepStrictEqual(own(servers, name), before))
      throw new ConfigError(
        `${config.serversFile}: /servers/${name} changed while ${name} was proposed, and nothing was kept: add it again`,
      )
    await record()
    servers[name] = server
    if (lock) locks[name] = lock
    else delete locks[name]
  })
}

function own<Value>(from: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined
}

/** Takes a server out, once `record` has recorded it; false, and nothing is recorded, where there is none. */
export async function dropJoined(config: Config, name: string, record: () => Promise<unknown>): Promise<boolean> {
  let found = false
  await change(config, async (servers, locks) => {
    found = Object.hasOwn(servers, name)
    if (!found) return
    await record()
    delete servers[name]
    delete locks[name]
  })
  return found
}

/** One after the other, whoever else changes them: the lockfiles first, so that no server is there without its own. */
async function change(
  config: Config,
  edit: (servers: JoinedFile['servers'], locks: Record<string, Lockfile>) => void | Promise<void>,
): Promise<void> {
  await withFileLock(join(openHome(config.home).processes, 'servers.lock'), async () => {
    const servers = readJoined(config)
    const locks = read(config.locksFile, locksSchema, {})
    await edit(servers, locks)
    if (Object.keys(locks).length > 0 || existsSync(config.locksFile)) write(config.locksFile, locks)
    write(config.serversFile, { version: 1, servers })
  })
}

function read<Schema extends z.ZodType>(file: string, schema: Schema, absent: z.output<Schema>): z.output<Schema> {
  if (!existsSync(file)) return absent
  let document: unknown
  try {
    document = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw refused(file, [{ path: '', message: error instanceof Error ? error.message : 'is no JSON' }])
  }
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  throw refused(
    file,
    parsed.error.issues.map(({ path, message }) => ({ path: formatPointer(path.map(String)), message })),
  )
}

/** A file that a person has to mend. */
export function refused(file: string, issues: readonly Issue[]): ConfigError {
  const lines = issues.map(({ path, message }) => `  ${[path, message].filter((part) => part !== '').join(' ')}`)
  return new ConfigError(`${file} is refused:\n${lines.join('\n')}`)
}

/** In the reading order of whoever reviews it; never half of it is there. */
function write(file: string, document: unknown): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${JSON.stringify(document, null, 2)}\n`)
  renameSync(draft, file)
}
