import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalogue, catalogueOf } from '../../../../orchestrator/model/catalogue.ts'
import { manifestSchema } from '../../../../shared/manifest.ts'
import { root } from '../../remit-command.ts'
import type { Vendor } from '../vendor.ts'
import { billing } from './billing.ts'
import { email } from './email.ts'
import { organizations } from './organizations.ts'
import { provisioning } from './provisioning.ts'
import { slack } from './slack.ts'

/** The reviewed tools, as they ship. */
export function shippedCatalogue(): Catalogue {
  return catalogueOf(manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8'))))
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
