import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { readPasswords } from './passwords.ts'
import { ensureLoginRole, quoted } from './roles.ts'

/** The owner of Remit's database in the embedded Postgres: no superuser, as on a managed Postgres. */
const ownerRole = { name: 'remit_owner', options: 'NOSUPERUSER CREATEDB CREATEROLE' }

/** Remit's own database. */
export const remitDatabase = 'remit'

/**
 * Makes the owner role and Remit's database in the embedded Postgres, and lets nobody connect anywhere uninvited. Returns
 * the owner's URL. The superuser is used here and nowhere else.
 */
export async function bootstrap(adminUrl: string, home: Home): Promise<string> {
  const known = (await readPasswords(home, 'roles'))[ownerRole.name]
  const ownerUrl = (password: string) => withUrl(adminUrl, { user: ownerRole.name, password, database: remitDatabase })
  if (known !== undefined && (await isDone(ownerUrl(known)))) return ownerUrl(known)
  return withClient(adminUrl, 'bootstrap', (sql) =>
    withAdvisoryLock(sql, 'remit bootstrap', async () => {
      const password = await ensureLoginRole(sql, home, ownerRole)
      await sql.unsafe(
        `GRANT pg_use_reserved_connections TO ${ownerRole.name} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
      )
      await ensureDatabase(sql)
      for (const database of ['postgres', 'template1', remitDatabase])
        await sql.unsafe(`REVOKE CONNECT, TEMPORARY ON DATABASE ${quoted(database)} FROM PUBLIC`)
      return ownerUrl(password)
    }),
  )
}

/** The last step of the bootstrap leaves PUBLIC without CONNECT on Remit's database. */
async function isDone(ownerUrl: string): Promise<boolean> {
  try {
    return await withClient(ownerUrl, 'bootstrap', async (sql) => {
      const [row] = await sql<{ done: boolean }[]>`
        SELECT NOT has_database_privilege('public', current_database(), 'CONNECT') AS done`
      return row?.done === true
    })
  } catch {
    return false
  }
}

async function ensureDatabase(sql: Sql): Promise<void> {
  const found = await sql`SELECT FROM pg_catalog.pg_database WHERE datname = ${remitDatabase}`
  if (found.count === 0) await sql.unsafe(`CREATE DATABASE ${remitDatabase} OWNER ${ownerRole.name}`)
}
