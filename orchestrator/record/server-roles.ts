import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { refuseWithoutCreateDatabase } from './refuse-weak-owner.ts'
import { ensureLoginRole, type LoginRole, quoted } from './roles.ts'

/**
 * What a capability server needs of Postgres: a schema of its own in Remit's database, or (for the one that makes
 * databases for tenants) a role that may create roles and databases, with a database of its own.
 */
export interface ServerDatabase {
  kind: 'schema' | 'provisioner'
  /** The server's name. */
  name: string
}

/** Names whose roles or schemas are Remit's own. */
const reserved = new Set(['journal', 'query', 'reader', 'owner', 'remit', 'public', 'drizzle', 'information_schema'])

/**
 * Makes sure that the server's role exists, with what it needs and nothing else, and returns its URL, which holds a
 * password. A server of kind `schema` logs in as `remit_<name>`; the provisioner as `remit_provisioner` on `remit_<name>`.
 */
export async function ensureServerRole(ownerUrl: string, home: Home, wanted: ServerDatabase): Promise<string> {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(wanted.name) || wanted.name.startsWith('pg_') || reserved.has(wanted.name))
    throw new TypeError(`"${wanted.name}" cannot name a server with a database: the name is reserved or not lower case`)
  return withClient(ownerUrl, 'migrator', (sql) =>
    withAdvisoryLock(sql, 'remit server roles', () =>
      wanted.kind === 'schema'
        ? ensureSchema(sql, home, ownerUrl, wanted.name)
        : ensureProvisioner(sql, home, ownerUrl, wanted.name),
    ),
  )
}

async function ensureSchema(sql: Sql, home: Home, ownerUrl: string, name: string): Promise<string> {
  const role: LoginRole = {
    name: `remit_${name}`,
    options: 'NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20',
  }
  const password = await ensureLoginRole(sql, home, role)
  const url = withUrl(ownerUrl, { user: role.name, password })
  const [found] = await sql<{ ready: boolean; database: string }[]>`
    SELECT current_database() AS database, has_database_privilege(${role.name}, current_database(), 'CONNECT')
      AND EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${name}) AS ready`
  if (!found || found.ready) return url
  await sql.unsafe(`GRANT ${quoted(role.name)} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE`)
  await sql.unsafe(`CREATE SCHEMA IF NOT EXISTS ${quoted(name)} AUTHORIZATION ${quoted(role.name)}`)
  await sql.unsafe(`ALTER ROLE ${quoted(role.name)} SET search_path = ${quoted(name)}`)
  await sql.unsafe(`GRANT CONNECT ON DATABASE ${quoted(found.database)} TO ${quoted(role.name)}`)
  return url
}

async function ensureProvisioner(sql: Sql, home: Home, ownerUrl: string, name: string): Promise<string> {
  const role: LoginRole = {
    name: 'remit_provisioner',
    options: 'NOSUPERUSER CREATEDB CREATEROLE CONNECTION LIMIT 20',
  }
  const database = `remit_${name}`
  const [found] = await sql<{ public: boolean }[]>`
    SELECT has_database_privilege('public', oid, 'CONNECT') AS public
    FROM pg_catalog.pg_database WHERE datname = ${database}`
  if (!found) await refuseWithoutCreateDatabase(sql)
  const password = await ensureLoginRole(sql, home, role)
  const url = withUrl(ownerUrl, { user: role.name, password, database })
  if (found?.public === false) return url
  await sql.unsafe(`GRANT ${quoted(role.name)} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE`)
  if (!found) await sql.unsafe(`CREATE DATABASE ${quoted(database)} OWNER ${quoted(role.name)}`)
  await sql.unsafe(`SET ROLE ${quoted(role.name)}`)
  await sql.unsafe(`REVOKE CONNECT, TEMPORARY ON DATABASE ${quoted(database)} FROM PUBLIC`)
  await sql.unsafe('RESET ROLE')
  return url
}
