import { z } from 'zod'
import { type CallContext, CapabilityError, defineTool, fact } from '../../../shared/capability/index.ts'
import { buildWorkspace } from '../build-workspace.ts'
import { findWorkspace, noSuchWorkspace, setStatus, type Workspace } from '../ledger.ts'
import type { ProvisioningClient } from '../provisioning-client.ts'
import { showWorkspace, workspaceSchema } from './workspace-output.ts'

export const repairWorkspace = defineTool({
  name: 'repair_workspace',
  title: 'Repair workspace',
  description:
    'Finish a half-made workspace, or restore what a finished one has lost: every step of building it is applied ' +
    'again, and what is there already stays as it is.',
  input: z.object({
    workspace_id: fact(z.string().describe('Id of the workspace, e.g. ws_41c0…'), 'provisioning.workspace_id'),
    admin_name: fact(z.string().min(1).max(200), 'organizations.admin_name')
      .optional()
      .describe('Name of the first member, with admin_email; needed only where the workspace has no owner yet'),
    admin_email: fact(z.string().min(3).max(254), 'organizations.admin_email')
      .optional()
      .describe('E-mail address of the first member'),
  }),
  output: workspaceSchema,
  // An update outweighs a create to the planner, so that create_workspace stays its first choice.
  establishes: ['provisioning.workspace'],
  effect: 'update',
  idempotency: 'natural',
  scopes: ['workspaces:write'],
  expect: 'output.status == "ready"',
  lookup: { tool: 'get_workspace', arguments: { workspace_id: { $ref: '/arguments/workspace_id' } } },
  timeoutMs: 60_000,
  example: { workspace_id: { $ref: '/create_workspace/output/workspace_id' } },
  async run({ workspace_id, admin_name, admin_email }, context: CallContext<ProvisioningClient>) {
    const { client } = context
    const admin =
      admin_name === undefined || admin_email === undefined
        ? undefined
        : { name: admin_name.trim(), email: admin_email.trim().toLowerCase() }
    const workspace = await client.alone(workspace_id, context.signal, async (signal) => {
      const broken = await reopen(client, workspace_id)
      return buildWorkspace(broken, { admin, steps: 'every' }, { ...context, signal })
    })
    return showWorkspace(workspace, client)
  },
})

/** The workspace, in status `building` until every step has been applied again. */
async function reopen({ sql }: ProvisioningClient, workspaceId: string): Promise<Workspace> {
  return sql.begin(async (transaction) => {
    const found = await findWorkspace(transaction, { workspace_id: workspaceId })
    if (!found) throw noSuchWorkspace({ workspace_id: workspaceId })
    if (found.status === 'deleting')
      throw new CapabilityError('conflict', `The workspace ${workspaceId} is being deleted: finish that instead.`)
    await setStatus(transaction, workspaceId, 'building')
    return { ...found, status: 'building' }
  })
}
