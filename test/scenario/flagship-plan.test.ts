import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { plan } from '../../orchestrator/decide/planner/plan.ts'
import { sketchTool } from '../../orchestrator/decide/planner/tool-fixture.ts'
import { loadGoal } from '../../orchestrator/goals/load-goal.ts'
import { validateInput } from '../../orchestrator/goals/validate-input.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import type { Goal } from '../../orchestrator/model/goal.ts'
import { referencesIn, taskOf } from '../../orchestrator/model/reference.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import { shippedManifest } from '../support/shipped-manifest.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const manifest = shippedManifest()
const goal = await loadGoal(new URL('orchestrator/goals/onboard.yaml', root).pathname)

function planFor(
  example: string,
  { servers = manifest.servers, pursued = goal }: { servers?: ServerManifest[]; pursued?: Goal } = {},
) {
  const validation = validateInput(pursued, read(`examples/${example}.json`))
  if (!validation.ok) throw new Error(JSON.stringify(validation.issues))
  const planned = plan({
    goal: pursued,
    input: validation.input,
    tools: catalogueOf({ version: 1, servers }).tools,
    kept: [],
    excluded: new Map(),
    waived: new Set(),
    ids: new Map(),
  })
  if (!planned.ok) throw new Error(JSON.stringify(planned.issues))
  return planned.tasks
}

const waitsFor = (example: string, options = {}) =>
  Object.fromEntries(
    planFor(example, options).map(({ id, arguments: args }) => [
      id,
      [...new Set(referencesIn(args).flatMap(({ ref }) => taskOf(ref) ?? []))].sort(),
    ]),
  )

const flagship = {
  validate_signup: [],
  create_organization: ['validate_signup'],
  create_workspace: ['create_organization'],
  create_customer: ['create_organization'],
  create_subscription: ['create_customer'],
  send_onboarding_email: ['create_organization', 'create_workspace'],
  post_message: ['create_subscription', 'create_workspace'],
}

test('the reviewed tools and the goal file are all that the flagship plan needs', () => {
  expect(waitsFor('acme')).toEqual(flagship)
  expect(waitsFor('minimal')).toEqual(flagship)
})

test('what the input leaves out is left out, and what has a default is there', () => {
  const customer = (example: string) => planFor(example).find(({ id }) => id === 'create_customer')?.arguments
  expect(customer('acme')).toHaveProperty('tax_id', { $ref: '/input/tax_id' })
  expect(customer('minimal')).not.toHaveProperty('tax_id')
  const subscription = planFor('minimal').find(({ id }) => id === 'create_subscription')
  expect(subscription?.arguments.price).toEqual({ $text: [{ $ref: '/input/plan' }, '_', { $ref: '/input/interval' }] })
})

test('a sixth capability joins the plan because the goal needs it, with no change of code', () => {
  const {
    server: _,
    id: _id,
    ...tool
  } = sketchTool('crm.create_account', {
    effect: 'create',
    needs: { company: 'organizations.name', domain: 'provisioning.url', owner: 'crm.owner_id' },
    gives: { account_id: 'crm.account_id' },
    establishes: ['crm.account'],
  })
  const {
    server: _s,
    id: _i,
    ...owner
  } = sketchTool('crm.find_owner', {
    needs: { country: 'organizations.country' },
    gives: { owner_id: 'crm.owner_id' },
  })
  const crm: ServerManifest = {
    name: 'crm',
    title: 'CRM',
    version: '1.0.0',
    description: 'Accounts.',
    command: ['node', 'crm.ts'],
    endpoints: {},
    credentials: {},
    settings: {},
    faults: {},
    egress: [],
    tools: [tool, owner],
  }
  const pursued: Goal = {
    ...goal,
    outcomes: [...goal.outcomes, { fact: 'crm.account', on_failure: 'wait', existing: false }],
  }
  expect(waitsFor('acme', { servers: [...manifest.servers, crm], pursued })).toEqual({
    ...flagship,
    find_owner: [],
    create_account: ['create_workspace', 'find_owner'],
  })
  expect(waitsFor('acme', { servers: [...manifest.servers, crm] })).toEqual(flagship)
})
