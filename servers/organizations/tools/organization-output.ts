import { z } from 'zod'
import { fact } from '../../../shared/capability/index.ts'
import type { Organization } from '../organizations-client.ts'
import { planSchema } from '../signup.ts'

/** What every tool that returns an organization shows of it. */
export const organizationSchema = z.object({
  organization_id: fact(z.string(), 'organizations.organization_id'),
  slug: fact(
    z.string().describe('The slug as it is registered: the wanted one, or that with a number. Others may build on it'),
    'organizations.registered_slug',
  ),
  name: z.string(),
  domain: z.string().optional(),
  country: z.string(),
  plan: planSchema,
  seats: z.int(),
  admin_name: z.string(),
  admin_email: z.string(),
  status: z.literal('active'),
  created_at: z.iso.datetime(),
})

/** A stored organization as tools return it. */
export function showOrganization({ domain, created_at, ...row }: Organization): z.output<typeof organizationSchema> {
  return organizationSchema.parse({
    ...row,
    ...(domain === null ? {} : { domain }),
    created_at: created_at.toISOString(),
  })
}
