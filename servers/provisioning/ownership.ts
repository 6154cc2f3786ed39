import type { TransactionSql } from '../../shared/postgres/connect.ts'
import type { Workspace } from './ledger.ts'

/** Whether something of that name is there, and whether it is this workspace's. */
export type Presence = 'absent' | 'own' | 'foreign'

/** A role is a workspace's own when its comment is the workspace's id. */
export async function findRole(sql: TransactionSql, { role, workspace_id }: Workspace): Promise<Presence> {
  const [found] = await sql<{ comment: string | null }[]>`
    select shobj_description(oid, 'pg_authid') as comment from pg_roles where rolname = ${role}`
  if (!found) return 'absent'
  return found.comment === workspace_id ? 'own' : 'foreign'
}

/** A database is a workspace's own when it belongs to the workspace's own role. */
export async function findDatabase(sql: TransactionSql, workspace: Workspace): Promise<Presence> {
  const [found] = await sql<{ owner: string }[]>`
    select pg_get_userbyid(datdba) as owner from pg_database where datname = ${workspace.database}`
  if (!found) return 'absent'
  if (found.owner !== workspace.role) return 'foreign'
  return (await findRole(sql, workspace)) === 'own' ? 'own' : 'foreign'
}
