import { z } from 'zod'
import { defineServer } from '../../shared/capability/index.ts'
import { faults } from './faults.ts'
import { openStripe } from './stripe-client.ts'
import { listInvoices, listPrices } from './tools/catalogue.ts'
import { createCustomer, deleteCustomer, findCustomer } from './tools/customers.ts'
import { cancelSubscription, createSubscription, findSubscription } from './tools/subscriptions.ts'

const environment = z.object({
  STRIPE_API_BASE: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .default('https://api.stripe.com'),
  STRIPE_API_KEY: z
    .string()
    .regex(/^[sr]k_(test|live)_\w+$/, 'must be a secret or restricted key of Stripe: sk_test_…, rk_live_…'),
})

/** Customers, prices, subscriptions and invoices at Stripe. */
export const server = defineServer({
  name: 'billing',
  title: 'Billing',
  version: '0.1.0',
  description: 'Customers, prices, subscriptions and invoices at Stripe.',
  instructions:
    'Bills organizations through Stripe. A subscription belongs to a customer: create_customer comes first, then ' +
    'create_subscription with a price lookup key, which list_prices shows. find_customer and find_subscription tell ' +
    'what exists already. Amounts are in the smallest unit of the currency: 1900 is EUR 19.00.',
  environment,
  endpoints: {
    STRIPE_API_BASE: { description: 'Base URL of the Stripe API', protocol: 'http', live: 'https://api.stripe.com' },
  },
  credentials: {
    STRIPE_API_KEY: {
      description:
        'Secret or restricted API key of Stripe: write on customers, payment methods and subscriptions, read on prices and invoices',
      delivery: 'egress',
      endpoint: 'STRIPE_API_BASE',
      header: { form: 'bearer' },
      placeholder: 'sk_test_held_by_remit',
    },
  },
  instances: 'many',
  emulates: 'Stripe',
  faults,
  connect: ({ environment: { STRIPE_API_BASE, STRIPE_API_KEY } }) =>
    openStripe({ baseUrl: STRIPE_API_BASE, apiKey: STRIPE_API_KEY }),
  disconnect: (client) => client.close(),
  tools: [
    findCustomer,
    createCustomer,
    deleteCustomer,
    listPrices,
    createSubscription,
    findSubscription,
    cancelSubscription,
    listInvoices,
  ],
})
