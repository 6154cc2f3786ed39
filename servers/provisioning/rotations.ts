import { CapabilityError } from '../../shared/capability/index.ts'
import type { TransactionSql } from '../../shared/postgres/connect.ts'

/** One change of a workspace's password, as the ledger has it; the password itself is never there. */
export interface Rotation {
  idempotency_key: string
  workspace_id: string
  started_at: Date
  finished_at: Date | null
}

/** The rotation of this key: a new row, or the one that the key began before. Throws `conflict` on another's key. */
export async function openRotation(sql: TransactionSql, key: string, workspaceId: string): Promise<Rotation> {
  const [opened] = await sql<Rotation[]>`
    insert into provisioning.rotations (idempotency_key, workspace_id) values (${key}, ${workspaceId})
    on conflict (idempotency_key) do nothing
    returning idempotency_key, workspace_id, started_at, finished_at`
  if (opened) return opened
  const [before] = await sql<Rotation[]>`
    select idempotency_key, workspace_id, started_at, finished_at from provisioning.rotations
    where idempotency_key = ${key}`
  if (before?.workspace_id !== workspaceId)
    throw new CapabilityError('conflict', 'This idempotency key rotated the credentials of another workspace.')
  return before
}

/** Records that the new password is the only one; returns when. */
export async function finishRotation(sql: TransactionSql, key: string): Promise<Date> {
  const [row] = await sql<{ finished_at: Date }[]>`
    update provisioning.rotations set finished_at = now() where idempotency_key = ${key} returning finished_at`
  if (!row) throw new CapabilityError('internal', 'The ledger has lost the rotation that it began.')
  return row.finished_at
}
