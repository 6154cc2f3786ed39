import { z } from 'zod'
import { type CallContext, CapabilityError, defineTool, fact } from '../../../shared/capability/index.ts'
import type { OrganizationsClient } from '../organizations-client.ts'
import { exampleSignup, signupDigest, signupSchema } from '../signup.ts'
import { organizationSchema, showOrganization } from './organization-output.ts'
import { acceptSignup } from './validate-signup.ts'

export const createOrganization = defineTool({
  name: 'create_organization',
  title: 'Create organization',
  description:
    'Register the organization of a validated sign-up. Takes the same fields as validate_signup and its digest. ' +
    'The slug is a wish: when acme is taken the organization becomes acme-2, acme-3 and so on, as the output says.',
  input: signupSchema.extend({
    validated_signup: fact(
      z.string().describe('The digest that validate_signup returned for these fields'),
      'organizations.validated_signup',
    ),
  }),
  output: organizationSchema,
  establishes: ['organizations.organization'],
  effect: 'create',
  // The key lies in the row under a unique constraint, for as long as the row. There is no lookup: a slug proves nothing.
  idempotency: 'natural',
  scopes: ['organizations:write'],
  expect: 'output.status == "active"',
  compensation: { tool: 'delete_organization', arguments: { organization_id: { $ref: '/output/organization_id' } } },
  example: { ...exampleSignup, validated_signup: { $ref: '/validate_signup/output/validated_signup' } },
  async run({ validated_signup, ...submitted }, { client, idempotencyKey }: CallContext<OrganizationsClient>) {
    const signup = acceptSignup(submitted)
    if (signupDigest(signup) !== validated_signup)
      throw new CapabilityError('invalid_input', 'These are not the fields that were validated.', {
        issues: [
          { path: '/validated_signup', message: 'must be what validate_signup returned for exactly these fields' },
        ],
      })
    return showOrganization(await client.create(idempotencyKey, signup))
  },
})
