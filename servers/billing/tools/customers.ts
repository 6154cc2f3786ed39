import type Stripe from 'stripe'
import { z } from 'zod'
import { CapabilityError, defineTool, destination, fact, sensitive } from '../../../shared/capability/index.ts'
import { hasMetadata, madeBy, makerFields, makerWanted } from '../made-by.ts'
import { type BillingCall, read, readAll, remove, requests, write } from '../stripe-request.ts'
import { taxIdType } from '../tax-id.ts'
import { customerId, stripeId } from './ids.ts'

const organizationId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:-]+$/, 'letters, digits and . : _ - only')
  .describe('Id of the organization that is billed')
const email = fact(z.email().max(512), 'organizations.admin_email')
const customerOutput = z.object({ customer_id: customerId })

/** Finds what `create_customer` made, by the organization in its metadata. */
export const findCustomer = defineTool({
  name: 'find_customer',
  title: 'Find customer',
  description:
    "Find an organization's customer at Stripe. With the e-mail address the answer is exact; without it, Stripe's search index can lag by a minute.",
  input: z.object({
    organization_id: fact(organizationId, 'organizations.organization_id'),
    email: email.optional().describe('E-mail address of the customer'),
    ...makerFields,
  }),
  output: customerOutput,
  effect: 'read',
  idempotency: 'natural',
  scopes: ['customers:read'],
  egress: [requests('GET', '/v1/customers', '/v1/customers/search')],
  example: { organization_id: { $ref: '/create_customer/arguments/organization_id' }, email: 'ada@acme.example' },
  async run({ organization_id, email, ...maker }, call: BillingCall) {
    const wanted = { organization_id, ...makerWanted(maker, call) }
    const found = email ? await byEmail(call, email, wanted) : await bySearch(call, wanted)
    if (found) return { customer_id: found.id }
    throw new CapabilityError('not_found', 'Stripe has no customer for the organization named by /organization_id.')
  },
})

/** Creates the customer once per key. */
export const createCustomer = defineTool({
  name: 'create_customer',
  title: 'Create customer',
  description: 'Create the customer at Stripe that stands for an organization and receives its invoices.',
  input: z.object({
    organization_id: fact(organizationId, 'organizations.organization_id'),
    name: fact(z.string().min(1).max(256), 'organizations.name').describe('Name on the invoices'),
    email: destination(email).describe('Where invoices are sent'),
    country: fact(z.string().regex(/^[A-Z]{2}$/, 'two capital letters, ISO 3166 alpha-2'), 'organizations.country')
      .optional()
      .describe('Country of the billing address, ISO 3166 alpha-2'),
    tax_id: sensitive(fact(z.string().trim().min(1).max(50), 'billing.tax_id'))
      .optional()
      .describe('VAT or tax number; needs the country'),
  }),
  output: customerOutput,
  effect: 'create',
  idempotency: { keyed: '24h' },
  scopes: ['customers:write'],
  egress: [requests('POST', '/v1/customers')],
  establishes: ['billing.customer'],
  compensation: { tool: 'delete_customer', arguments: { customer_id: { $ref: '/output/customer_id' } } },
  lookup: {
    tool: 'find_customer',
    arguments: {
      organization_id: { $ref: '/arguments/organization_id' },
      email: { $ref: '/arguments/email' },
      this_run: true,
    },
  },
  example: { organization_id: 'org_example', name: 'Acme GmbH', email: 'ada@acme.example' },
  async run({ organization_id, name, email, country, tax_id }, call: BillingCall) {
    const params: Stripe.CustomerCreateParams = {
      name,
      email,
      metadata: { organization_id, ...madeBy(call) },
      ...(country !== undefined && { address: { country } }),
      ...(tax_id !== undefined && { tax_id_data: [{ type: taxIdType(country), value: tax_id }] }),
    }
    const customer = await write(call, 'customer', (stripe, options) => stripe.customers.create(params, options))
    return { customer_id: customer.id }
  },
})

/** Deletes a customer; Stripe ends its subscriptions with it. */
export const deleteCustomer = defineTool({
  name: 'delete_customer',
  title: 'Delete customer',
  description:
    'Delete a customer at Stripe for good; its subscriptions end at once. Succeeds when the customer is gone already.',
  input: z.object({ customer_id: customerId }),
  output: z.object({ customer_id: stripeId, deleted: z.boolean().describe('False when it was gone already') }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['customers:write'],
  egress: [requests('DELETE', '/v1/customers/{customer}')],
  example: { customer_id: { $ref: '/create_customer/output/customer_id' } },
  async run({ customer_id }, call: BillingCall) {
    const subject = '/customer_id'
    try {
      await remove(call, (stripe, options) => stripe.customers.del(customer_id, {}, options), { subject })
      return { customer_id, deleted: true }
    } catch (error) {
      if (error instanceof CapabilityError && error.failure.kind === 'not_found') return { customer_id, deleted: false }
      throw error
    }
  },
})

/** Stripe's list of customers by e-mail address is exact at once, which a lookup needs to prove an absence. */
async function byEmail(
  call: BillingCall,
  email: string,
  wanted: Record<string, string>,
): Promise<Stripe.Customer | undefined> {
  const customers = readAll(call, (stripe, page, options) => stripe.customers.list({ ...page, email }, options))
  for await (const customer of customers) if (hasMetadata(customer, wanted)) return customer
  return undefined
}

async function bySearch(call: BillingCall, wanted: Record<string, string>): Promise<Stripe.Customer | undefined> {
  const query = Object.entries(wanted)
    .map(([name, value]) => `metadata['${name}']:'${escaped(value)}'`)
    .join(' AND ')
  const page = await read(call, (stripe, options) => stripe.customers.search({ query, limit: 1 }, options))
  return page.data[0]
}

/** As Stripe's search language wants it between quotes. */
function escaped(value: string): string {
  return value.replace(/[\\']/g, '\\$&')
}
