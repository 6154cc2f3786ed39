import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import { identify } from '../home/process-identity.ts'
import { stopProcess } from '../home/stop-process.ts'
import { superuser } from './initialise-postgres.ts'
import { readPassword } from './passwords.ts'

/** What a running Postgres says of itself in `postmaster.pid`. */
interface Postmaster {
  pid: number
  port: number
  /** `ready` once it takes connections. */
  status: string
}

/** The Postgres that holds, or held, this data folder; undefined when it was shut down in order. */
export async function readPostmaster(dataFolder: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => undefined)
  const [pid, , , port, , , , status] = text?.split('\n') ?? []
  return pid === undefined ? undefined : { pid: Number(pid), port: Number(port), status: status?.trim() ?? '' }
}

/**
 * Deals with a Postgres that nobody remembers, left by a killed command: one that answers is used again, one that does not
 * is stopped, and a note left by one that is gone is removed (its pid may be another program's by now).
 */
export async function adoptSurvivor(
  home: Home,
  dataFolder: string,
): Promise<{ pid: number; port: number } | undefined> {
  const postmaster = await readPostmaster(dataFolder)
  if (!postmaster) return undefined
  const identity = identify(postmaster.pid)
  if (!identity || !isPostgresOn(dataFolder, postmaster.pid)) {
    await rm(join(dataFolder, 'postmaster.pid'), { force: true })
    return undefined
  }
  if (await answers(home, postmaster.port)) return postmaster
  await stopProcess(identity, { signal: 'SIGINT', graceMs: 10_000 })
  return undefined
}

function isPostgresOn(dataFolder: string, pid: number): boolean {
  try {
    const words =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return words.includes(dataFolder)
  } catch {
    return false
  }
}

async function answers(home: Home, port: number): Promise<boolean> {
  const password = await readPassword(home, superuser)
  const url = withUrl(`postgres://127.0.0.1:${port}/postgres`, { user: superuser, password })
  try {
    await withClient(url, 'survivor', (sql) => sql`SELECT 1`)
    return true
  } catch {
    return false
  }
}
