import { z } from 'zod'
import { type CallContext, defineTool, fact } from '../../../shared/capability/index.ts'
import { onPostgres } from '../../../shared/capability/postgres-failure.ts'
import { buildWorkspace } from '../build-workspace.ts'
import { workspaceNames } from '../identifiers.ts'
import { openWorkspace } from '../ledger.ts'
import { cluster, type ProvisioningClient } from '../provisioning-client.ts'
import { showWorkspace, workspaceSchema } from './workspace-output.ts'

export const createWorkspace = defineTool({
  name: 'create_workspace',
  title: 'Create workspace',
  description:
    'Build the workspace of an organization: a Postgres database of its own, its owner role and a starter schema. ' +
    'Works step by step; a repeat with the same key goes on where it stopped.',
  input: z.object({
    organization_id: fact(
      z.string().min(1).max(200).describe('Id of the organization'),
      'organizations.organization_id',
    ),
    slug: fact(
      z.string().describe('The slug as it is registered: 3 to 32 of a-z, 0-9 and "-"'),
      'organizations.registered_slug',
    ),
    region: z.enum(['eu', 'us']).default('eu').describe('Where the workspace belongs'),
    admin_name: fact(z.string().min(1).max(200).describe('Name of the first member'), 'organizations.admin_name'),
    admin_email: fact(
      z.string().min(3).max(254).describe('E-mail address of the first member'),
      'organizations.admin_email',
    ),
  }),
  output: workspaceSchema,
  establishes: ['provisioning.workspace'],
  effect: 'create',
  // The ledger keeps the key with the workspace, and every step can be applied again.
  idempotency: 'natural',
  scopes: ['workspaces:write'],
  expect: 'output.status == "ready"',
  compensation: { tool: 'delete_workspace', arguments: { workspace_id: { $ref: '/output/workspace_id' } } },
  lookup: { tool: 'find_workspace', arguments: { organization_id: { $ref: '/arguments/organization_id' } } },
  timeoutMs: 60_000,
  example: {
    organization_id: 'org_example',
    slug: 'example-inc',
    admin_name: 'Ada Lovelace',
    admin_email: 'ada@acme.example',
  },
  async run({ admin_name, admin_email, ...request }, context: CallContext<ProvisioningClient>) {
    const { client, idempotencyKey } = context
    const names = workspaceNames(request.slug)
    const open = () =>
      onPostgres({ database: cluster, effect: true }, () => openWorkspace(client.sql, idempotencyKey, request, names))
    const admin = { name: admin_name.trim(), email: admin_email.trim().toLowerCase() }
    const { workspace_id } = await open()
    // Read again once alone: a removal may have come first.
    const workspace = await client.alone(workspace_id, context.signal, async (signal) =>
      buildWorkspace(await open(), { admin, steps: 'left' }, { ...context, signal }),
    )
    return showWorkspace(workspace, client)
  },
})
