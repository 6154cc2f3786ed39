import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../../../orchestrator/config.ts'
import { catalogueOf } from '../../../../orchestrator/model/catalogue.ts'
import { openWorkplace } from '../../../../orchestrator/open-workplace.ts'
import { root } from '../../remit-command.ts'
import { shippedManifest } from '../../shipped-manifest.ts'
import type { Vendor } from '../vendor.ts'
import { billing } from './billing.ts'
import { email } from './email.ts'
import { organizations } from './organizations.ts'
import { provisioning } from './provisioning.ts'
import { slack } from './slack.ts'

/** The shipped goals and tools, and an input for each goal. */
export function shippedGoals() {
  const { catalogue, goal, checkInput } = openWorkplace(readConfig({}), catalogueOf(shippedManifest()))
  const { tax_id: _, ...acme } = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
  const bolt = { ...acme, organization: { ...acme.organization, name: 'Bolt Ltd', slug: 'bolt' } }
  const customers = [acme, { ...bolt, admin: { ...acme.admin, email: 'bo@bolt.example' } }]
  const taking = (name: string, input: unknown) => ({ goal: goal(name), input: checkInput(goal(name), input) })
  return { catalogue, goals: { onboard: taking('onboard', acme), 'onboard-all': taking('onboard-all', { customers }) } }
}

/** A fake system behind each tool that onboarding a customer takes. */
export function officeVendors(): Record<string, Vendor> {
  return {
    organizations: organizations(),
    provisioning: provisioning(),
    billing: billing(),
    email: email(),
    slack: slack(),
  }
}
