import { z } from 'zod'
import { type CallContext, CapabilityError, defineTool, fact } from '../../../shared/capability/index.ts'
import { quoteIdentifier } from '../identifiers.ts'
import { findWorkspace, noSuchWorkspace, type Workspace } from '../ledger.ts'
import { findRole } from '../ownership.ts'
import type { ProvisioningClient } from '../provisioning-client.ts'
import { refuseIfStopped } from '../refuse-if-stopped.ts'
import { finishRotation, openRotation, type Rotation } from '../rotations.ts'
import { adoptStagedSecret, stageSecret } from '../secrets.ts'
import { loginWith } from '../steps.ts'

export const rotateCredentials = defineTool({
  name: 'rotate_credentials',
  title: 'Rotate credentials',
  description:
    "Give a workspace's database role a new password. The old one opens no new connection from then on; the secret " +
    'reference stays the same and stands for the new one. Connections that are open stay open.',
  input: z.object({
    workspace_id: fact(z.string().describe('Id of the workspace, e.g. ws_41c0…'), 'provisioning.workspace_id'),
  }),
  output: z.object({
    workspace_id: z.string(),
    connection: z.string().describe('Secret reference: stands for the URL with the new password, and holds neither'),
    rotated_at: z.iso.datetime(),
  }),
  effect: 'update',
  // The ledger keeps the key: a repeat changes nothing once the rotation is finished.
  idempotency: 'natural',
  scopes: ['credentials:write'],
  example: { workspace_id: { $ref: '/create_workspace/output/workspace_id' } },
  async run({ workspace_id }, context: CallContext<ProvisioningClient>) {
    const { client, idempotencyKey } = context
    return client.alone(workspace_id, context.signal, async (signal) => {
      const workspace = await readyWorkspace(client, workspace_id)
      const rotation = await openRotation(client.sql, idempotencyKey, workspace_id)
      const rotatedAt = rotation.finished_at ?? (await rotate(workspace, rotation, { ...context, signal }))
      return {
        workspace_id,
        connection: `secret:provisioning/${workspace.secret}`,
        rotated_at: rotatedAt.toISOString(),
      }
    })
  },
})

/**
 * Postgres first, the file in use second: a crash between the two leaves the new password staged, for a repeat to take
 * up; one before them changes nothing; and after them the file in use names the rotation, so that a repeat makes no other.
 */
async function rotate(
  workspace: Workspace,
  { idempotency_key }: Rotation,
  { client, dataFolder, signal }: CallContext<ProvisioningClient>,
): Promise<Date> {
  const withPassword = (password: string): string => client.tenantUrl(workspace, password)
  const { url, adopted } = await stageSecret(dataFolder, workspace.secret, idempotency_key, withPassword)
  if (!adopted) {
    refuseIfStopped(signal, 'the new password was set')
    await client.sql.unsafe(`alter role ${quoteIdentifier(workspace.role)} ${loginWith(url)}`)
    await adoptStagedSecret(dataFolder, workspace.secret)
  }
  return finishRotation(client.sql, idempotency_key)
}

async function readyWorkspace({ sql }: ProvisioningClient, workspaceId: string): Promise<Workspace> {
  const workspace = await findWorkspace(sql, { workspace_id: workspaceId })
  if (!workspace) throw noSuchWorkspace({ workspace_id: workspaceId })
  if (workspace.status !== 'ready' || (await findRole(sql, workspace)) !== 'own')
    throw new CapabilityError('conflict', `The workspace ${workspaceId} is not whole: repair it first.`)
  return workspace
}
