import { createHash } from 'node:crypto'
import type { Sql } from '../../shared/postgres/connect.ts'
import { scramVerifier } from '../../shared/scram-verifier.ts'
import type { Home } from '../home/home.ts'
import { makePassword, readPasswords, writePasswords } from './passwords.ts'

/** A role that logs in, and what it may do beyond its grants. */
export interface LoginRole {
  name: string
  /** Options of CREATE ROLE. */
  options: string
}

/** Writes the record; may not update or delete an event. */
export const journalRole: LoginRole = { name: 'remit_journal', options: 'NOSUPERUSER NOCREATEDB NOCREATEROLE' }

/** Reads the views, one tenant at a time. */
export const queryRole: LoginRole = {
  name: 'remit_query',
  options: 'NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20',
}

/** Owns the views, so that row-level security binds them; nobody logs in as it. */
export const readerRole = 'remit_reader'

/**
 * Makes sure that the role exists with the password that this home knows, making one up at first, and returns it. A mark on
 * the role (a digest of the password) tells whether that is so without logging in. To be called under the migrator's lock.
 */
export async function ensureLoginRole(sql: Sql, home: Home, { name, options }: LoginRole): Promise<string> {
  const known = await readPasswords(home, 'roles')
  const password = known[name] ?? makePassword()
  if (known[name] === undefined) await writePasswords(home, 'roles', { ...known, [name]: password })
  if ((await markOf(sql, name)) === passwordMark(password)) return password
  const verb = (await roleExists(sql, name)) ? 'ALTER' : 'CREATE'
  await sql.begin(async (transaction) => {
    await transaction.unsafe(`${verb} ROLE ${quoted(name)} LOGIN ${options} PASSWORD '${scramVerifier(password)}'`)
    await transaction.unsafe(`COMMENT ON ROLE ${quoted(name)} IS '${passwordMark(password)}'`)
  })
  return password
}

/** The comment on a role whose password is this one. The password has 256 random bits, so its digest gives nothing away. */
export function passwordMark(password: string): string {
  return `Remit: password ${createHash('sha256').update(password).digest('hex').slice(0, 16)}`
}

export async function roleExists(sql: Sql, name: string): Promise<boolean> {
  return (await sql`SELECT FROM pg_catalog.pg_roles WHERE rolname = ${name}`).count > 0
}

async function markOf(sql: Sql, name: string): Promise<string | undefined> {
  const [row] = await sql<{ mark: string | null }[]>`
    SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_catalog.pg_roles WHERE rolname = ${name}`
  return row?.mark ?? undefined
}

/** An identifier as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
