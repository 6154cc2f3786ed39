import { z } from 'zod'
import { fact } from '../../../shared/capability/index.ts'
import type { Workspace } from '../ledger.ts'
import type { ProvisioningClient } from '../provisioning-client.ts'

/** What every tool that returns a workspace shows of it. */
export const workspaceSchema = z.object({
  workspace_id: fact(z.string(), 'provisioning.workspace_id'),
  organization_id: z.string(),
  slug: z.string(),
  region: z.enum(['eu', 'us']),
  database: fact(z.string().describe('Name of the Postgres database'), 'provisioning.database'),
  role: z.string().describe('Name of the role that owns the database'),
  host: z.string(),
  port: z.int(),
  connection: fact(
    z.string().describe('Secret reference: stands for the URL with the password, and holds neither'),
    'provisioning.connection',
  ),
  url: fact(z.url().describe('Public address of the workspace'), 'provisioning.url'),
  status: z.enum(['building', 'ready', 'deleting']),
  created_at: z.iso.datetime(),
})

/** A workspace of the ledger as tools return it: where it is, and a reference in place of the password. */
export function showWorkspace(
  { secret, created_at, ...workspace }: Workspace,
  client: Pick<ProvisioningClient, 'host' | 'port' | 'addressOf'>,
): z.output<typeof workspaceSchema> {
  return {
    ...workspace,
    host: client.host,
    port: client.port,
    connection: `secret:provisioning/${secret}`,
    url: client.addressOf(workspace),
    created_at: created_at.toISOString(),
  }
}
