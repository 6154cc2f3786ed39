import { execFile } from 'node:child_process'
import { access, appendFile, chown, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Home } from '../home/home.ts'
import { makePassword, readPasswords, writePasswords } from './passwords.ts'
import { programOf } from './postgres-binaries.ts'
import type { PostgresPlacement } from './postgres-placement.ts'

const run = promisify(execFile)

/** The major version that the installed package brings, as `PG_VERSION` in a data folder has it. */
export const majorVersion = '18'

/** The role that initdb makes; Remit uses it to make its own owner role, and for nothing else. */
export const superuser = 'postgres'

/**
 * Makes the data folder, unless it is there. It is made under another name and then renamed: a command that was killed in
 * between leaves nothing that looks finished.
 */
export async function initialisePostgres(home: Home, placement: PostgresPlacement): Promise<void> {
  const { dataFolder, binaries, account } = placement
  if (await isThere(dataFolder)) return
  const known = await readPasswords(home, 'postgres')
  if (Object.hasOwn(known, superuser))
    throw new Error(
      `The data of ${home.path} is gone from ${dataFolder}: restore it from a backup, or remove ${home.path} to start anew`,
    )
  await removeDrafts(dataFolder)
  const draft = `${dataFolder}.draft`
  const passwordFile = `${draft}.password`
  const password = makePassword()
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  try {
    await run(
      programOf(binaries, 'initdb'),
      [
        `--pgdata=${draft}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        '--auth-host=scram-sha-256',
        '--auth-local=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--locale=C.UTF-8',
        '--data-checksums',
      ],
      { env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, cwd: '/', ...account },
    )
  } catch (cause) {
    await removeDrafts(dataFolder)
    throw new Error(`initdb could not make ${dataFolder}: ${lastLine((cause as { stderr?: string }).stderr)}`, {
      cause,
    })
  }
  await appendFile(join(draft, 'postgresql.conf'), settings)
  await rm(passwordFile)
  await writePasswords(home, 'postgres', { [superuser]: password })
  await rename(draft, dataFolder)
}

/** For one laptop: little memory, no socket file; commits are as durable as Postgres makes them. */
const settings = `
# Remit
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 64MB
max_connections = 100
reserved_connections = 10
max_wal_size = 512MB
wal_compression = on
log_min_messages = warning
log_timezone = 'UTC'
timezone = 'UTC'
`

async function removeDrafts(dataFolder: string): Promise<void> {
  const parent = dirname(dataFolder)
  const drafts = (await readdir(parent)).filter((name) => name.startsWith(`${basename(dataFolder)}.draft`))
  await Promise.all(drafts.map((name) => rm(join(parent, name), { recursive: true, force: true })))
}

function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) ?? 'no reason given'
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
