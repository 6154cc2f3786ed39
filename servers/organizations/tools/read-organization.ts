import { z } from 'zod'
import { type CallContext, defineTool } from '../../../shared/capability/index.ts'
import { notFound, type OrganizationsClient } from '../organizations-client.ts'
import { organizationSchema, showOrganization } from './organization-output.ts'

export const getOrganization = defineTool({
  name: 'get_organization',
  title: 'Get organization',
  description: 'Read one organization by its id.',
  input: z.object({ organization_id: z.string().describe('Id of the organization, e.g. org_6f1c…') }),
  output: organizationSchema,
  effect: 'read',
  scopes: ['organizations:read'],
  example: { organization_id: { $ref: '/create_organization/output/organization_id' } },
  async run({ organization_id }, { client }: CallContext<OrganizationsClient>) {
    const found = await client.find({ organization_id })
    if (!found) throw notFound({ organization_id })
    return showOrganization(found)
  },
})

export const findOrganization = defineTool({
  name: 'find_organization',
  title: 'Find organization',
  description: 'Find the organization that has a slug.',
  input: z.object({ slug: z.string().describe('Slug of the organization, e.g. acme-labs') }),
  output: organizationSchema,
  effect: 'read',
  scopes: ['organizations:read'],
  example: { slug: { $ref: '/create_organization/output/slug' } },
  async run(args, { client }: CallContext<OrganizationsClient>) {
    const slug = args.slug.trim().toLowerCase()
    const found = await client.find({ slug })
    if (!found) throw notFound({ slug })
    return showOrganization(found)
  },
})
