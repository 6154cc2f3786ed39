import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import type { Membership } from '../home/shared-process.ts'
import { remitDatabase } from './bootstrap.ts'
import { runningPort } from './embedded-postgres.ts'
import { readPasswords } from './passwords.ts'
import { journalRole } from './roles.ts'

/** A record as whoever only looks finds it. */
export interface RunningRecord {
  home: Home
  membership: Membership
  /** The owner's URL of an external Postgres. */
  databaseUrl?: string | undefined
}

const patienceMs = 5_000

/**
 * Asks the record something where it runs; undefined where it does not, or was never made: nothing is started or changed for
 * this. Rejects where Postgres does not answer, or not soon.
 */
export async function whereItRuns<Result>(
  record: RunningRecord,
  ask: (sql: Sql) => PromiseLike<Result>,
): Promise<Result | undefined> {
  const url = await journalUrlOf(record)
  if (url === undefined) return undefined
  const sql = connect(url, { max: 1, name: 'doctor', settings: { statement_timeout: String(patienceMs) } })
  try {
    return await ask(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function journalUrlOf({ home, membership, databaseUrl }: RunningRecord): Promise<string | undefined> {
  const password = (await readPasswords(home, 'roles'))[journalRole.name]
  if (password === undefined) return undefined
  const login = { user: journalRole.name, password }
  if (databaseUrl !== undefined) return withUrl(databaseUrl, login)
  const port = await runningPort(membership)
  return port === undefined ? undefined : withUrl(`postgres://127.0.0.1:${port}/${remitDatabase}`, login)
}
