import { randomBytes } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Home, openHome } from '../../orchestrator/home/home.ts'
import { migrate, type RecordAccess } from '../../orchestrator/record/migrate.ts'
import { withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import { temporaryFolder } from './temporary-folder.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser's URL of the Postgres that this test run shares, on the database `postgres`. */
    databaseUrl: string
    /** The owner's URL of the migrated database that test databases are cloned from. */
    templateUrl: string
    /** REMIT_HOME of that Postgres. */
    databaseHome: string
  }
}

/** A migrated database of one test file. */
export interface TestDatabase extends RecordAccess {
  /** Of the superuser. */
  url: string
  /** Of the role that owns the tables, as the migrator has it; what `databaseUrl` means to `openRecord`. */
  ownerUrl: string
  /** A REMIT_HOME that knows the passwords of the database's roles. */
  home: Home
  /** Removes the database and the home; connections to it are cut. */
  drop(): Promise<void>
}

/** A fresh, migrated database, cloned in some 30 ms: one for each test file, or each test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('databaseUrl')
  const templateUrl = inject('templateUrl')
  const template = decodeURIComponent(new URL(templateUrl).pathname.slice(1))
  const owner = decodeURIComponent(new URL(templateUrl).username)
  const database = `test_${randomBytes(6).toString('hex')}`
  await withClient(adminUrl, 'test', async (sql) => {
    await sql.unsafe(`CREATE DATABASE ${database} TEMPLATE ${template} OWNER ${owner} STRATEGY wal_log`)
    await sql.unsafe(`REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC`)
    await sql.unsafe(`GRANT CONNECT ON DATABASE ${database} TO remit_journal, remit_query`)
  })
  const folder = await temporaryFolder('remit-home-')
  const home = openHome(folder.path)
  await cp(join(inject('databaseHome'), 'credentials'), home.credentials, { recursive: true })
  const ownerUrl = withUrl(templateUrl, { database })
  return {
    url: withUrl(adminUrl, { database }),
    ownerUrl,
    home,
    ...(await migrate(ownerUrl, home)),
    async drop() {
      await withClient(adminUrl, 'test', (sql) => sql.unsafe(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`))
      await folder.remove()
    },
  }
}
