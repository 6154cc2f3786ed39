import { z } from 'zod'
import { type CallContext, defineTool } from '../../../shared/capability/index.ts'
import type { OrganizationsClient } from '../organizations-client.ts'

export const deleteOrganization = defineTool({
  name: 'delete_organization',
  title: 'Delete organization',
  description:
    'Delete an organization and the names of its people. Deleting one that is gone succeeds with deleted: false.',
  input: z.object({ organization_id: z.string().describe('Id of the organization, e.g. org_6f1c…') }),
  output: z.object({ organization_id: z.string(), deleted: z.boolean() }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['organizations:delete'],
  example: { organization_id: { $ref: '/create_organization/output/organization_id' } },
  async run({ organization_id }, { client }: CallContext<OrganizationsClient>) {
    return { organization_id, deleted: await client.delete(organization_id) }
  },
})
