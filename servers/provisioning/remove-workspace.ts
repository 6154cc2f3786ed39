import type { CallContext } from '../../shared/capability/index.ts'
import { onPostgres } from '../../shared/capability/postgres-failure.ts'
import { quoteIdentifier } from './identifiers.ts'
import { endStep, findWorkspace, setStatus } from './ledger.ts'
import { findDatabase, findRole } from './ownership.ts'
import { cluster, type ProvisioningClient } from './provisioning-client.ts'
import { refuseIfStopped } from './refuse-if-stopped.ts'
import { removeSecret } from './secrets.ts'
import { grantMembership } from './steps.ts'

/**
 * Steps back through whatever of a workspace exists, half-made or whole, and leaves the ledger's row as `deleted`.
 * False when there was nothing to remove.
 */
export async function removeWorkspace(
  workspaceId: string,
  {
    client,
    dataFolder,
    signal,
    progress,
  }: Pick<CallContext<ProvisioningClient>, 'client' | 'dataFolder' | 'signal' | 'progress'>,
): Promise<boolean> {
  const { sql } = client
  return onPostgres({ database: cluster, effect: true }, async () => {
    const workspace = await findWorkspace(sql, { workspace_id: workspaceId })
    if (!workspace) return false
    await setStatus(sql, workspaceId, 'deleting')

    progress(0, 3, 'Drop the database')
    if ((await findDatabase(sql, workspace)) === 'own') {
      // Only whoever may act as the owner may drop what it owns, and a half-made workspace can lack that.
      await grantMembership({ sql, workspace })
      await sql.unsafe(`drop database if exists ${quoteIdentifier(workspace.database)} with (force)`)
    }
    for (const step of ['verify', 'schema', 'isolation', 'database'] as const)
      await endStep(sql, workspaceId, step, 'undone')

    refuseIfStopped(signal, 'the owner role was dropped')
    progress(1, 3, 'Drop the owner role')
    if ((await findRole(sql, workspace)) === 'own')
      await sql.unsafe(`drop role if exists ${quoteIdentifier(workspace.role)}`)
    for (const step of ['membership', 'role'] as const) await endStep(sql, workspaceId, step, 'undone')

    refuseIfStopped(signal, 'the password was removed')
    progress(2, 3, 'Remove the password')
    await removeSecret(dataFolder, workspace.secret)
    await setStatus(sql, workspaceId, 'deleted')
    progress(3, 3, 'Gone')
    return true
  })
}
