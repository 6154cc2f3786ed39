import { z } from 'zod'
import { defineServer } from '../../shared/capability/index.ts'
import { connectProvisioning } from './provisioning-client.ts'
import { stepNames } from './steps.ts'
import { createWorkspace } from './tools/create-workspace.ts'
import { deleteWorkspace } from './tools/delete-workspace.ts'
import { findWorkspaceTool, getWorkspace } from './tools/read-workspace.ts'
import { repairWorkspace } from './tools/repair-workspace.ts'
import { rotateCredentials } from './tools/rotate-credentials.ts'

/** Workspaces of tenants: a real Postgres database and owner role each. */
export const server = defineServer({
  name: 'provisioning',
  title: 'Provisioning',
  version: '0.1.0',
  description: 'Builds and removes workspaces: a Postgres database and owner role per organization.',
  instructions:
    'Workspaces of organizations. create_workspace takes an organization that exists; find_workspace goes from an ' +
    'organization to its workspace; repair_workspace finishes one that is half-made. Passwords never appear: a connection is a secret reference.',
  credentials: {
    DATABASE_URL: {
      description:
        "URL of the provisioner's own Postgres database, as a role with CREATEROLE and CREATEDB that owns it (no superuser)",
    },
  },
  settings: {
    WORKSPACE_DOMAIN: { description: 'What the public addresses of workspaces end in, by default workspaces.example' },
  },
  faults: {
    partial: 'the step "schema" fails at its first attempt for each workspace, which is half-made by then',
    broken: 'the step "schema" always fails',
  },
  environment: z.object({
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
    WORKSPACE_DOMAIN: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be a domain name, e.g. workspaces.example')
      .default('workspaces.example'),
    /** Rehearsals only: a step fails at its first attempt (`partial`) or always (`broken`). */
    REMIT_FAULT: z.enum(['partial', 'broken']).optional(),
    /** Which one; by default half of the workspace is there by then. */
    REMIT_FAULT_STEP: z.enum(stepNames).default('schema'),
  }),
  connect: ({ environment, places }) =>
    connectProvisioning({
      databaseUrl: environment.DATABASE_URL,
      place: places.get('DATABASE_URL'),
      workspaceDomain: environment.WORKSPACE_DOMAIN,
      fault: environment.REMIT_FAULT && { mode: environment.REMIT_FAULT, step: environment.REMIT_FAULT_STEP },
    }),
  disconnect: (client) => client.close(),
  tools: [createWorkspace, getWorkspace, findWorkspaceTool, repairWorkspace, rotateCredentials, deleteWorkspace],
})
