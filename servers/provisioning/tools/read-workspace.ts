import { z } from 'zod'
import { type CallContext, defineTool, fact } from '../../../shared/capability/index.ts'
import { onPostgres } from '../../../shared/capability/postgres-failure.ts'
import { findWorkspace, noSuchWorkspace } from '../ledger.ts'
import { cluster, type ProvisioningClient } from '../provisioning-client.ts'
import { showWorkspace, workspaceSchema } from './workspace-output.ts'

export const getWorkspace = defineTool({
  name: 'get_workspace',
  title: 'Get workspace',
  description: 'Read one workspace by its id, whatever its state.',
  input: z.object({ workspace_id: z.string().describe('Id of the workspace, e.g. ws_41c0…') }),
  output: workspaceSchema,
  effect: 'read',
  scopes: ['workspaces:read'],
  example: { workspace_id: { $ref: '/create_workspace/output/workspace_id' } },
  run: ({ workspace_id }, { client }: CallContext<ProvisioningClient>) => read({ workspace_id }, client),
})

export const findWorkspaceTool = defineTool({
  name: 'find_workspace',
  title: 'Find workspace',
  description: 'Find the workspace of an organization, whatever its state.',
  input: z.object({
    organization_id: fact(z.string().describe('Id of the organization'), 'organizations.organization_id'),
  }),
  output: workspaceSchema,
  effect: 'read',
  scopes: ['workspaces:read'],
  example: { organization_id: { $ref: '/create_workspace/arguments/organization_id' } },
  run: ({ organization_id }, { client }: CallContext<ProvisioningClient>) => read({ organization_id }, client),
})

async function read(
  by: { workspace_id: string } | { organization_id: string },
  client: ProvisioningClient,
): Promise<z.output<typeof workspaceSchema>> {
  const found = await onPostgres({ database: cluster, effect: false }, () => findWorkspace(client.sql, by))
  if (!found) throw noSuchWorkspace(by)
  return showWorkspace(found, client)
}
