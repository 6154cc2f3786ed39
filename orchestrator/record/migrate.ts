import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import { errorCode } from '../../shared/postgres/postgres-errors.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { readPasswords } from './passwords.ts'
import { refusePooler } from './refuse-pooler.ts'
import { refuseWeakOwner } from './refuse-weak-owner.ts'
import { ensureLoginRole, journalRole, passwordMark, queryRole, quoted, readerRole, roleExists } from './roles.ts'

/** How the rest of Remit reaches the record. The URLs hold passwords: never log them. */
export interface RecordAccess {
  journalUrl: string
  queryUrl: string
  /** With it a reader of `remit_query` proves for which tenant it reads. */
  tenantSecret: Buffer
}

/** What a migration did. */
export interface Migrated extends RecordAccess {
  /** Names of the migrations that were applied, in order. */
  applied: string[]
  /** Name of the newest one, which the record has now. */
  current: string
}

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url))

/**
 * Brings roles and tables of the owner's database up to date, once however many commands ask at the same time. The owner's
 * URL is used here and for servers' roles; everything else gets the URLs of lesser roles.
 */
export async function migrate(ownerUrl: string, home: Home): Promise<Migrated> {
  const known = await knownMigrations()
  return withClient(ownerUrl, 'migrator', async (sql) => {
    await refusePooler(sql, ownerUrl)
    let applied: string[] = []
    if (!(await isUpToDate(sql, home, known))) {
      await refuseWeakOwner(sql)
      await withAdvisoryLock(sql, 'remit migrate', async () => {
        const before = await lastApplied(sql)
        refuseNewer(before, known)
        await ensureRoles(sql, home)
        await applyMigrations(ownerUrl)
        await grantConnections(sql)
        applied = known.filter(({ when }) => when > before).map(({ tag }) => tag)
      })
    }
    const passwords = await readPasswords(home, 'roles')
    const urlOf = ({ name }: { name: string }) => withUrl(ownerUrl, { user: name, password: passwords[name] ?? '' })
    const [row] = await sql<{ secret: Buffer }[]>`SELECT secret FROM remit.tenant_secret`
    if (!row) throw new Error('the table remit.tenant_secret is empty: restore the database from a backup')
    const access = { journalUrl: urlOf(journalRole), queryUrl: urlOf(queryRole), tenantSecret: row.secret }
    return { ...access, applied, current: known.at(-1)?.tag ?? '' }
  })
}

/** One statement: the newest migration is applied, and both roles have the passwords that this home knows. */
async function isUpToDate(sql: Sql, home: Home, known: readonly Migration[]): Promise<boolean> {
  const passwords = await readPasswords(home, 'roles')
  const marks = [journalRole, queryRole].map(({ name }) => passwordMark(passwords[name] ?? ''))
  try {
    const [row] = await sql<{ applied: string | null; marked: number }[]>`
      SELECT
        (SELECT max(created_at) FROM drizzle.__drizzle_migrations)::text AS applied,
        (SELECT count(*) FROM pg_catalog.pg_roles
          WHERE rolname = ANY (${arrayOf([journalRole.name, queryRole.name])}::text[])
            AND shobj_description(oid, 'pg_authid') = ANY (${arrayOf(marks)}::text[]))::integer AS marked`
    return row?.marked === 2 && row.applied === String(known.at(-1)?.when)
  } catch (error) {
    if (errorCode(error) === undefinedTable) return false
    throw error
  }
}

const undefinedTable = '42P01'
const insufficientPrivilege = '42501'

/** A migration of this release: its name, and the number that orders it. */
interface Migration {
  tag: string
  when: number
}

async function knownMigrations(): Promise<Migration[]> {
  const journal = JSON.parse(await readFile(`${migrationsFolder}/meta/_journal.json`, 'utf8')) as {
    entries: Migration[]
  }
  return journal.entries
}

/** The number of the newest migration that the record has, 0 for none. */
async function lastApplied(sql: Sql): Promise<number> {
  try {
    const [row] = await sql<
      { last: string | null }[]
    >`SELECT max(created_at)::text AS last FROM drizzle.__drizzle_migrations`
    return Number(row?.last ?? 0)
  } catch (error) {
    if (errorCode(error) === undefinedTable) return 0
    throw error
  }
}

function refuseNewer(before: number, known: readonly Migration[]): void {
  if (before > (known.at(-1)?.when ?? 0))
    throw new Error(
      `The record was brought up to date by a newer version of Remit: this one ends at ${known.at(-1)?.tag}. Use the newer version.`,
    )
}

async function ensureRoles(sql: Sql, home: Home): Promise<void> {
  await ensureLoginRole(sql, home, journalRole)
  await ensureLoginRole(sql, home, queryRole)
  await sql.unsafe(`ALTER ROLE ${queryRole.name} SET search_path = query`)
  await sql.unsafe(`ALTER ROLE ${queryRole.name} SET default_transaction_read_only = on`)
  if (!(await roleExists(sql, readerRole))) await sql.unsafe(`CREATE ROLE ${readerRole} NOLOGIN`)
  await sql.unsafe(`GRANT ${readerRole} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`)
  await sql.unsafe(`GRANT pg_use_reserved_connections TO ${journalRole.name}`).catch((error: unknown) => {
    // A managed Postgres may keep that for its own; then the journal competes for connections like everyone.
    if (errorCode(error) !== insufficientPrivilege) throw error
  })
}

/** Drizzle changes the client that it gets, so it gets one of its own; its code is loaded only when there is work for it. */
async function applyMigrations(ownerUrl: string): Promise<void> {
  const [{ drizzle }, { migrate: applyAll }] = await Promise.all([
    import('drizzle-orm/postgres-js'),
    import('drizzle-orm/postgres-js/migrator'),
  ])
  const { sql } = openPool(ownerUrl, { max: 1, name: 'migrations' })
  try {
    await applyAll(drizzle(sql), { migrationsFolder })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function grantConnections(sql: Sql): Promise<void> {
  const [row] = await sql<{ database: string }[]>`SELECT current_database() AS database`
  const database = quoted(row?.database ?? '')
  await sql.unsafe(`REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC`)
  await sql.unsafe(`GRANT CONNECT ON DATABASE ${database} TO ${journalRole.name}, ${queryRole.name}`)
}
