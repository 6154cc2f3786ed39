import { z } from 'zod'
import { defineServer } from '../../shared/capability/index.ts'
import { connectOrganizations } from './organizations-client.ts'
import { createOrganization } from './tools/create-organization.ts'
import { deleteOrganization } from './tools/delete-organization.ts'
import { findOrganization, getOrganization } from './tools/read-organization.ts'
import { updateOrganization } from './tools/update-organization.ts'
import { validateSignup } from './tools/validate-signup.ts'

/** The register of organizations, in a Postgres schema of its own. */
export const server = defineServer({
  name: 'organizations',
  title: 'Organizations',
  version: '0.1.0',
  description: 'Registers organizations: validates sign-ups, creates, reads, changes and deletes.',
  instructions:
    'The register of customer organizations. validate_signup comes before create_organization, which takes its digest. ' +
    'find_organization goes from a slug to an id.',
  credentials: {
    DATABASE_URL: {
      description:
        'URL of a Postgres database, with a role that owns the schema "organizations" there or may create it',
    },
  },
  instances: 'many',
  environment: z.object({ DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }) }),
  connect: ({ environment }) => connectOrganizations(environment.DATABASE_URL),
  disconnect: (client) => client.close(),
  tools: [
    validateSignup,
    createOrganization,
    getOrganization,
    findOrganization,
    updateOrganization,
    deleteOrganization,
  ],
})
