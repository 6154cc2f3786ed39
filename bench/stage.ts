import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readConfig } from '../orchestrator/config.ts'
import { type Home, openHome } from '../orchestrator/home/home.ts'
import { joinHome } from '../orchestrator/home/shared-process.ts'
import { bootstrap } from '../orchestrator/record/bootstrap.ts'
import { ensurePostgres } from '../orchestrator/record/embedded-postgres.ts'
import { migrate, type RecordAccess } from '../orchestrator/record/migrate.ts'
import { quoted } from '../orchestrator/record/roles.ts'
import { withClient } from '../shared/postgres/connect.ts'
import { withUrl } from '../shared/postgres/with-url.ts'

/** The Postgres that a bench measures on. */
export interface Stage {
  /** The superuser's URL. */
  adminUrl: string
  /** The owner's URL of a migrated database that nobody writes to. */
  templateUrl: string
  /** Knows the passwords of the roles. */
  home: Home
}

/** A migrated database of one part of the bench. */
export interface StageDatabase extends RecordAccess, AsyncDisposable {
  /** The superuser's: for what only it may count, and for tables of the bench's own. */
  adminUrl: string
  home: Home
}

/**
 * Opens the stage under REMIT_HOME, in a home of its own: a bench that was killed leaves a Postgres that the next bench uses
 * and stops. Settings are those that `npm run onboard` gets.
 */
export async function openStage(): Promise<Stage & AsyncDisposable> {
  const home = openHome(join(readConfig().home, 'bench'))
  const membership = await joinHome(home)
  try {
    const { adminUrl } = await ensurePostgres(membership, home)
    const templateUrl = await bootstrap(adminUrl, home)
    await migrate(templateUrl, home)
    return { adminUrl, templateUrl, home, [Symbol.asyncDispose]: () => membership.leave() }
  } catch (error) {
    await membership.leave()
    throw error
  }
}

/** A fresh database with the record's tables; dropped with all that is in it when it is disposed of. */
export async function stageDatabase({ adminUrl, templateUrl, home }: Stage): Promise<StageDatabase> {
  const database = `bench_${randomBytes(6).toString('hex')}`
  const template = decodeURIComponent(new URL(templateUrl).pathname.slice(1))
  const owner = decodeURIComponent(new URL(templateUrl).username)
  await withClient(adminUrl, 'bench', async (sql) => {
    await sql.unsafe(`CREATE DATABASE ${database} TEMPLATE ${quoted(template)} OWNER ${quoted(owner)} STRATEGY wal_log`)
    await sql.unsafe(`REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC`)
    await sql.unsafe(`GRANT CONNECT ON DATABASE ${database} TO remit_journal, remit_query`)
  })
  return {
    ...(await migrate(withUrl(templateUrl, { database }), home)),
    adminUrl: withUrl(adminUrl, { database }),
    home,
    [Symbol.asyncDispose]: () =>
      withClient(adminUrl, 'bench', async (sql) => {
        await sql.unsafe(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      }),
  }
}
