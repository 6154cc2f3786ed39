import { z } from 'zod'
import { type CallContext, CapabilityError, defineTool } from '../../../shared/capability/index.ts'
import type { OrganizationsClient } from '../organizations-client.ts'
import { checkLabel, checkSeats, planSchema, seatsSchema } from '../signup.ts'
import { organizationSchema, showOrganization } from './organization-output.ts'

export const updateOrganization = defineTool({
  name: 'update_organization',
  title: 'Update organization',
  description: 'Change the name, the plan or the seats of an organization. Fields that are left out stay as they are.',
  input: z.object({
    organization_id: z.string().describe('Id of the organization, e.g. org_6f1c…'),
    name: z.string().min(1).max(200).optional().describe('New display name'),
    plan: planSchema.optional().describe('New plan'),
    seats: seatsSchema.optional().describe('New number of seats'),
  }),
  output: organizationSchema.extend({
    previous: z
      .object({ name: z.string(), plan: planSchema, seats: z.int() })
      .describe('The terms before this change, by which it can be undone'),
  }),
  establishes: ['organizations.change'],
  effect: 'update',
  // A change is stored under its key, so that a repeat still returns the terms before the first attempt.
  idempotency: 'natural',
  scopes: ['organizations:write'],
  compensation: {
    tool: 'update_organization',
    arguments: {
      organization_id: { $ref: '/output/organization_id' },
      name: { $ref: '/output/previous/name' },
      plan: { $ref: '/output/previous/plan' },
      seats: { $ref: '/output/previous/seats' },
    },
  },
  example: { organization_id: { $ref: '/create_organization/output/organization_id' }, seats: 30 },
  async run({ organization_id, name, plan, seats }, { client, idempotencyKey }: CallContext<OrganizationsClient>) {
    const wanted = {
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(plan === undefined ? {} : { plan }),
      ...(seats === undefined ? {} : { seats }),
    }
    if (Object.keys(wanted).length === 0)
      throw new CapabilityError('invalid_input', 'There is nothing to change.', {
        issues: [{ path: '', message: 'must have at least one of name, plan and seats' }],
      })
    const { organization, previous } = await client.update(idempotencyKey, organization_id, wanted, (terms) => {
      const issues = [...checkLabel('/name', terms.name), ...checkSeats(terms)]
      if (issues.length > 0) throw new CapabilityError('invalid_input', 'The change is not acceptable.', { issues })
    })
    return { ...showOrganization(organization), previous }
  },
})
