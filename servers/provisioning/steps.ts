import { CapabilityError } from '../../shared/capability/index.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import { errorCode } from '../../shared/postgres/postgres-errors.ts'
import { scramVerifier } from '../../shared/scram-verifier.ts'
import { quoteIdentifier, quoteLiteral } from './identifiers.ts'
import type { Workspace } from './ledger.ts'
import { findDatabase, findRole, type Presence } from './ownership.ts'
import { type Admin, createStarterSchema, readStarterSchema } from './starter-schema.ts'

/** What a step works with. */
export interface StepContext {
  /** Connected as the provisioner. */
  sql: Sql
  workspace: Workspace
  /** URL of the workspace as its own role, with the password: never leaves this process but for the secret file. */
  tenantUrl: string
  admin: Admin | undefined
}

/** The steps, in their order. */
export const stepNames = ['role', 'membership', 'database', 'isolation', 'schema', 'verify'] as const
export type StepName = (typeof stepNames)[number]

/** One step of building a workspace. Applying it again, after a success or halfway, ends in the same state. */
export interface Step {
  name: StepName
  /** Shown as progress. */
  title: string
  apply(context: StepContext): Promise<void>
}

/** In this order; each stands on those before it. They cannot be one transaction, because `CREATE DATABASE` cannot. */
export const steps: readonly Step[] = [
  { name: 'role', title: 'Create the owner role', apply: createRole },
  { name: 'membership', title: 'Let the provisioner act as the owner', apply: grantMembership },
  { name: 'database', title: 'Create the database', apply: createDatabase },
  { name: 'isolation', title: 'Keep everybody else out', apply: revokePublic },
  {
    name: 'schema',
    title: 'Create the starter schema',
    apply: ({ tenantUrl, admin }) => createStarterSchema(tenantUrl, admin),
  },
  { name: 'verify', title: 'Log in as the owner and read back', apply: verify },
]

/** The attributes of a workspace's role that its password comes with. */
export function loginWith(tenantUrl: string): string {
  return `login connection limit 5 password ${quoteLiteral(scramVerifier(new URL(tenantUrl).password))}`
}

/** The role carries its workspace's id as a comment, so that nobody else's role of the same name is ever taken over or dropped. */
async function createRole({ sql, workspace, tenantUrl }: StepContext): Promise<void> {
  const role = quoteIdentifier(workspace.role)
  const login = loginWith(tenantUrl)
  const there = await findRole(sql, workspace)
  if (there === 'foreign') throw taken('role', workspace.role)
  if (there === 'own') {
    await sql.unsafe(`alter role ${role} ${login}`)
    return
  }
  // Two statements in one message are one transaction.
  const statements = `
    create role ${role} nosuperuser nocreatedb nocreaterole noreplication nobypassrls ${login};
    comment on role ${role} is ${quoteLiteral(workspace.workspace_id)}`
  await createOnce(
    () => sql.unsafe(statements),
    () => findRole(sql, workspace),
  )
}

/** `SET` to create a database owned by the role, `INHERIT` to revoke on it and to drop it (Postgres 16 and later). */
export async function grantMembership({ sql, workspace }: Pick<StepContext, 'sql' | 'workspace'>): Promise<void> {
  await sql.unsafe(`grant ${quoteIdentifier(workspace.role)} to current_user with set true, inherit true`)
}

async function createDatabase({ sql, workspace }: StepContext): Promise<void> {
  const there = await findDatabase(sql, workspace)
  if (there === 'foreign') throw taken('database', workspace.database)
  if (there === 'own') return
  const [database, owner] = [quoteIdentifier(workspace.database), quoteIdentifier(workspace.role)]
  // template0, because nobody can be connected to it; a connection to template1 would make this fail.
  await createOnce(
    () => sql.unsafe(`create database ${database} owner ${owner} template template0`),
    () => findDatabase(sql, workspace),
  )
}

async function revokePublic({ sql, workspace }: StepContext): Promise<void> {
  await sql.unsafe(`revoke all on database ${quoteIdentifier(workspace.database)} from public`)
}

async function verify({ sql, workspace, tenantUrl }: StepContext): Promise<void> {
  const [access = { open: true }] = await sql<{ open: boolean }[]>`
    select has_database_privilege('public', ${workspace.database}, 'connect') as open`
  const tenant = await readStarterSchema(tenantUrl)
  const faults = [
    ...(access.open ? ['anybody may connect to the database'] : []),
    ...(tenant.superuser ? ['the owner role is a superuser'] : []),
    ...(tenant.hasOwner ? [] : ['no member is its owner']),
  ]
  if (faults.length > 0)
    throw new CapabilityError('internal', `The workspace is not as it should be: ${faults.join(', ')}.`)
}

function taken(what: string, name: string): CapabilityError {
  return new CapabilityError('conflict', `The ${what} ${name} exists and is not of this workspace.`, {
    issues: [{ path: '/slug', message: `names a ${what} that exists already: choose another` }],
  })
}

/** Creates it, unless an attempt whose connection was lost does so at the same moment: its statement still ran on. */
async function createOnce(create: () => Promise<unknown>, find: () => Promise<Presence>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!duplicates.has(errorCode(error)) || (await find()) !== 'own') throw error
  }
}

/** duplicate_database, duplicate_object, and unique_violation in the catalogue where two attempts meet. */
const duplicates: ReadonlySet<string> = new Set(['42P04', '42710', '23505'])
