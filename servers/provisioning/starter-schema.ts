import { CapabilityError } from '../../shared/capability/index.ts'
import { type Sql, withClient } from '../../shared/postgres/connect.ts'

/** The first administrator of a workspace. */
export interface Admin {
  name: string
  email: string
}

/**
 * Creates the tables that every workspace starts with, as the workspace's own role, and seeds the administrator where no
 * owner is there. Throws `invalid_input`, with nothing done, when there is nobody to seed.
 */
export async function createStarterSchema(tenantUrl: string, admin: Admin | undefined): Promise<void> {
  await asTenant(tenantUrl, (sql) =>
    sql.begin(async (transaction) => {
      await transaction.unsafe(tables)
      const owners = await transaction`select from members where role = 'owner' limit 1`
      if (owners.length > 0) return
      if (!admin) throw nobodyToSeed()
      await transaction`
        insert into members (name, email, role) values (${admin.name}, ${admin.email}, 'owner')
        on conflict (email) do update set role = 'owner'`
    }),
  )
}

function nobodyToSeed(): CapabilityError {
  const message = 'must be given, with admin_name: the workspace has no owner yet'
  return new CapabilityError('invalid_input', 'The starter schema needs a first member.', {
    issues: [{ path: '/admin_email', message }],
  })
}

/** Logs in as the workspace's own role and tells what it finds. */
export async function readStarterSchema(tenantUrl: string): Promise<{ superuser: boolean; hasOwner: boolean }> {
  return asTenant(tenantUrl, async (sql) => {
    const [login] = await sql<{ superuser: boolean }[]>`
      select rolsuper as superuser from pg_roles where rolname = current_user`
    const owners = await sql`select from members where role = 'owner' limit 1`
    await sql`select from projects limit 1`
    return { superuser: login?.superuser ?? true, hasOwner: owners.length === 1 }
  })
}

const tables = `
  create table if not exists members (
    member_id bigint generated always as identity primary key,
    name text not null,
    email text not null unique,
    role text not null check (role in ('owner', 'admin', 'member')),
    joined_at timestamptz not null default now()
  );
  create table if not exists projects (
    project_id bigint generated always as identity primary key,
    name text not null,
    created_by bigint references members,
    created_at timestamptz not null default now(),
    archived_at timestamptz
  );
`

function asTenant<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  return withClient(url, 'provisioning', work, { statement_timeout: '30000' })
}
