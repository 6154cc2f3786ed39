import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Home } from '../home/home.ts'
import type { Membership, ServiceRecipe } from '../home/shared-process.ts'
import { initialisePostgres, majorVersion, superuser } from './initialise-postgres.ts'
import { launchPostgres } from './launch-postgres.ts'
import { readPassword } from './passwords.ts'
import { placePostgres } from './postgres-placement.ts'
import { adoptSurvivor } from './postgres-survivor.ts'

/** How to reach the embedded Postgres. */
export interface EmbeddedPostgres {
  /** Of the superuser, on the database `postgres`. Holds a password: never log it. */
  adminUrl: string
  port: number
  dataFolder: string
  binFolder: string
  /** Starts it again, on the same port, if it died under who uses it; one attempt at a time, whoever asks. */
  revive(): void
}

/** What the registry of the home keeps: with the password in `credentials/`, enough to reach the server. */
type Info = { port: number; data_folder: string; bin_folder: string }

/**
 * The Postgres that all commands on this home share: started by the first, on 127.0.0.1 and a free port, reused while it
 * answers, stopped when the last one leaves.
 */
export async function ensurePostgres(membership: Membership, home: Home): Promise<EmbeddedPostgres> {
  const recipe: ServiceRecipe<Info> = {
    start: (spawned) => startPostgres(home, spawned),
    isHealthy: ({ port }) => accepts(port),
    stopBy: { signal: 'SIGINT', graceMs: 20_000 },
  }
  const info = await membership.ensure('postgres', recipe)
  let reviving = false
  const password = await readPassword(home, 'postgres')
  return {
    adminUrl: `postgres://${superuser}:${password}@127.0.0.1:${info.port}/postgres`,
    port: info.port,
    dataFolder: info.data_folder,
    binFolder: info.bin_folder,
    revive() {
      if (reviving) return
      reviving = true
      membership
        .revive('postgres', recipe)
        // Who needs Postgres hears by itself that it stays away.
        .catch(() => {})
        .finally(() => {
          reviving = false
        })
    },
  }
}

/** The port of the Postgres of a home, where it runs and answers. Starts nothing. */
export async function runningPort(membership: Membership): Promise<number | undefined> {
  const { services } = await membership.status()
  const info = services.find(({ name }) => name === 'postgres')?.info as Info | undefined
  return info && (await accepts(info.port)) ? info.port : undefined
}

async function startPostgres(
  home: Home,
  spawned: (pid: number) => Promise<void>,
): Promise<{ pid: number; info: Info }> {
  const placement = await placePostgres(home)
  await initialisePostgres(home, placement)
  await refuseOtherVersion(placement.dataFolder)
  const server = (await adoptSurvivor(home, placement.dataFolder)) ?? (await launchPostgres(home, placement, spawned))
  return {
    pid: server.pid,
    info: { port: server.port, data_folder: placement.dataFolder, bin_folder: join(placement.binaries.folder, 'bin') },
  }
}

async function refuseOtherVersion(dataFolder: string): Promise<void> {
  const version = await otherVersion(dataFolder)
  if (version !== undefined) throw new Error(`${dataFolder} ${otherVersionAdvice(version)}`)
}

/** The major version of PostgreSQL that made a data folder, where it is not the one that this release brings. */
export async function otherVersion(dataFolder: string): Promise<string | undefined> {
  const version = (await readFile(join(dataFolder, 'PG_VERSION'), 'utf8')).trim()
  return version === majorVersion ? undefined : version
}

/** What is to be done about it, as the end of a sentence about the folder. */
export function otherVersionAdvice(version: string): string {
  return `was made by PostgreSQL ${version}, and this Remit brings ${majorVersion}. Nothing was changed. Go on with the release of Remit that brings ${version}, or bring the folder up to ${majorVersion} with PostgreSQL's own pg_upgrade; for a new record, name another folder in REMIT_HOME.`
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 })
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
    socket.once('timeout', () => answer(false))
  })
}
