import type Stripe from 'stripe'
import { z } from 'zod'
import { CapabilityError, defineTool } from '../../../shared/capability/index.ts'
import { type BillingCall, read, readAll, requests } from '../stripe-request.ts'
import { customerId } from './ids.ts'

/** The prices on sale: those that have a lookup key. */
export const listPrices = defineTool({
  name: 'list_prices',
  title: 'List prices',
  description: 'List the prices that subscriptions can be created with, by their lookup keys.',
  input: z.object({}),
  output: z.object({
    prices: z.array(
      z.object({
        price: z.string().describe("Stripe's id of the price"),
        lookup_key: z.string().describe('What create_subscription takes as its price'),
        product: z.string().describe('Name of the product'),
        unit_amount: z.int().nullable().describe('Per seat, in the smallest unit of the currency'),
        currency: z.string(),
        interval: z.string().describe('day, week, month or year'),
      }),
    ),
  }),
  effect: 'read',
  idempotency: 'natural',
  scopes: ['prices:read'],
  egress: [requests('GET', '/v1/prices')],
  example: {},
  async run(_, call: BillingCall) {
    const prices = await pricesOnSale(call)
    return {
      prices: prices.map(({ id, lookup_key, product, unit_amount, currency, recurring }) => ({
        price: id,
        lookup_key,
        product: typeof product === 'object' && 'name' in product ? product.name : '',
        unit_amount,
        currency,
        interval: recurring?.interval ?? '',
      })),
    }
  },
})

/** The newest invoices of a customer. */
export const listInvoices = defineTool({
  name: 'list_invoices',
  title: 'List invoices',
  description: "List a customer's invoices, the newest first.",
  input: z.object({
    customer_id: customerId,
    limit: z.int().min(1).max(100).default(10),
  }),
  output: z.object({
    invoices: z.array(
      z.object({
        invoice_id: z.string(),
        number: z.string().nullable(),
        status: z.string().nullable().describe('draft, open, paid, uncollectible or void'),
        amount_due: z.int().describe('In the smallest unit of the currency'),
        amount_paid: z.int(),
        currency: z.string(),
        created: z.iso.datetime(),
      }),
    ),
    has_more: z.boolean(),
  }),
  effect: 'read',
  idempotency: 'natural',
  scopes: ['invoices:read'],
  egress: [requests('GET', '/v1/invoices')],
  example: { customer_id: { $ref: '/create_customer/output/customer_id' } },
  async run({ customer_id, limit }, call: BillingCall) {
    const { data, has_more } = await read(call, (stripe, options) =>
      stripe.invoices.list({ customer: customer_id, limit }, options),
    )
    const invoices = data.map(({ id, number, status, amount_due, amount_paid, currency, created }) => ({
      invoice_id: id,
      number,
      status,
      amount_due,
      amount_paid,
      currency,
      created: new Date(created * 1000).toISOString(),
    }))
    return { invoices, has_more }
  },
})

/** The active price with a lookup key. Throws `not_found` with the keys that exist. */
export async function priceByLookupKey(call: BillingCall, lookupKey: string): Promise<Stripe.Price> {
  const { data } = await read(call, (stripe, options) =>
    stripe.prices.list({ lookup_keys: [lookupKey], active: true, type: 'recurring', limit: 1 }, options),
  )
  const [price] = data
  if (price) return price
  const known = (await pricesOnSale(call)).map(({ lookup_key }) => lookup_key).sort()
  const message = known.length > 0 ? `must be one of ${known.join(', ')}` : 'Stripe has no price with a lookup key'
  throw new CapabilityError('not_found', `No price has the lookup key given at /price: ${message}.`, {
    issues: [{ path: '/price', message }],
  })
}

type PriceOnSale = Stripe.Price & { lookup_key: string }

async function pricesOnSale(call: BillingCall): Promise<PriceOnSale[]> {
  const prices = readAll(call, (stripe, page, options) =>
    stripe.prices.list({ ...page, active: true, type: 'recurring', expand: ['data.product'] }, options),
  )
  const onSale: PriceOnSale[] = []
  for await (const price of prices) if (isOnSale(price)) onSale.push(price)
  return onSale
}

function isOnSale(price: Stripe.Price): price is PriceOnSale {
  return price.lookup_key !== null
}
