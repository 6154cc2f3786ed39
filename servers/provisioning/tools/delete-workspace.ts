import { z } from 'zod'
import { type CallContext, defineTool } from '../../../shared/capability/index.ts'
import type { ProvisioningClient } from '../provisioning-client.ts'
import { removeWorkspace } from '../remove-workspace.ts'

export const deleteWorkspace = defineTool({
  name: 'delete_workspace',
  title: 'Delete workspace',
  description:
    'Delete a workspace with all its data, finished or half-made: its database, role and password. ' +
    'Deleting one that is gone succeeds with deleted: false.',
  input: z.object({ workspace_id: z.string().describe('Id of the workspace, e.g. ws_41c0…') }),
  output: z.object({ workspace_id: z.string(), deleted: z.boolean() }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['workspaces:delete'],
  timeoutMs: 60_000,
  example: { workspace_id: { $ref: '/create_workspace/output/workspace_id' } },
  async run({ workspace_id }, context: CallContext<ProvisioningClient>) {
    const deleted = await context.client.alone(workspace_id, context.signal, (signal) =>
      removeWorkspace(workspace_id, { ...context, signal }),
    )
    return { workspace_id, deleted }
  },
})
