import type Stripe from 'stripe'
import { z } from 'zod'
import { CapabilityError, defineTool, fact } from '../../../shared/capability/index.ts'
import { hasMetadata, madeBy, makerFields, makerWanted } from '../made-by.ts'
import { type BillingCall, read, readAll, remove, requests, write } from '../stripe-request.ts'
import { priceByLookupKey } from './catalogue.ts'
import { customerId, stripeId, subscriptionId } from './ids.ts'

/** All that Stripe says of a subscription's state. */
const statuses = [
  'active',
  'trialing',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'unpaid',
  'canceled',
] as const
const ended = new Set<string>(['canceled', 'incomplete_expired'])

/** A card that Stripe has in every account, where no money is real. */
const testCard = 'pm_card_visa'

const status = z.enum(statuses)
const lookupKey = fact(z.string().min(1).max(200), 'billing.price').describe('Price lookup key, e.g. team_monthly')

const subscriptionOutput = z.object({
  subscription_id: subscriptionId,
  status: fact(status, 'billing.subscription_status'),
  current_period_end: z.iso.datetime().describe('When the paid or trial period ends'),
  amount: z.int().nullable().describe('Per period, in the smallest unit of the currency; null for tiered prices'),
  currency: z.string(),
})

/** Starts a subscription once per key; a card that is declined leaves none behind. */
export const createSubscription = defineTool({
  name: 'create_subscription',
  title: 'Create subscription',
  description: 'Start a subscription for a customer, charging its payment method. Use after the customer exists.',
  input: z.object({
    customer_id: customerId,
    price: lookupKey,
    seats: fact(z.int().min(1), 'organizations.seats').describe('How many seats are billed'),
    trial_days: z.int().min(0).max(90).optional().describe('Days before the first charge'),
    payment_method: stripeId
      .optional()
      .describe("Payment method id; by default the customer's own, or Stripe's pm_card_visa in test mode"),
  }),
  output: subscriptionOutput,
  effect: 'create',
  idempotency: { keyed: '24h' },
  scopes: ['subscriptions:write', 'payment_methods:write', 'prices:read'],
  egress: [
    requests('GET', '/v1/prices'),
    requests('POST', '/v1/payment_methods/{payment_method}/attach', '/v1/subscriptions'),
  ],
  expect: 'output.status in ["active", "trialing"]',
  establishes: ['billing.subscription'],
  compensation: { tool: 'cancel_subscription', arguments: { subscription_id: { $ref: '/output/subscription_id' } } },
  lookup: {
    tool: 'find_subscription',
    arguments: {
      customer_id: { $ref: '/arguments/customer_id' },
      price: { $ref: '/arguments/price' },
      this_run: true,
    },
  },
  example: { customer_id: { $ref: '/create_customer/output/customer_id' }, price: 'team_monthly', seats: 3 },
  async run({ customer_id, price, seats, trial_days, payment_method }, call: BillingCall) {
    call.progress(0, 3, 'Looking up the price')
    const { id: priceId, livemode } = await priceByLookupKey(call, price)

    call.progress(1, 3, 'Attaching the payment method')
    const paymentMethod = await attachPaymentMethod(
      call,
      customer_id,
      payment_method ?? (livemode ? undefined : testCard),
    )

    call.progress(2, 3, 'Starting the subscription')
    const params: Stripe.SubscriptionCreateParams = {
      customer: customer_id,
      items: [{ price: priceId, quantity: seats }],
      // Without this a declined card would leave an incomplete subscription behind.
      payment_behavior: 'error_if_incomplete',
      metadata: madeBy(call),
      ...(paymentMethod !== undefined && { default_payment_method: paymentMethod }),
      ...(trial_days && { trial_period_days: trial_days }),
    }
    const subscription = await write(
      call,
      'subscription',
      (stripe, options) => stripe.subscriptions.create(params, options),
      paymentMethod === undefined ? {} : { done: { payment_method: paymentMethod } },
    )
    call.progress(3, 3, 'Subscription started')
    return summaryOf(subscription)
  },
})

/** Finds what `create_subscription` made; ended subscriptions do not count. */
export const findSubscription = defineTool({
  name: 'find_subscription',
  title: 'Find subscription',
  description: "Find a customer's newest subscription that has not ended.",
  input: z.object({ customer_id: customerId, price: lookupKey.optional(), ...makerFields }),
  output: subscriptionOutput,
  effect: 'read',
  idempotency: 'natural',
  scopes: ['subscriptions:read'],
  egress: [requests('GET', '/v1/subscriptions')],
  example: { customer_id: { $ref: '/create_subscription/arguments/customer_id' } },
  async run({ customer_id, price, ...maker }, call: BillingCall) {
    const wanted = makerWanted(maker, call)
    const subscriptions = readAll(call, (stripe, page, options) =>
      stripe.subscriptions.list({ ...page, customer: customer_id }, options),
    )
    for await (const subscription of subscriptions) {
      const { status, items } = subscription
      const fits = price === undefined || items.data.some((item) => item.price.lookup_key === price)
      if (fits && !ended.has(status) && hasMetadata(subscription, wanted)) return summaryOf(subscription)
    }
    throw new CapabilityError('not_found', 'Stripe has no such subscription for the customer named by /customer_id.')
  },
})

/** Cancels at once; a subscription that has ended stays as it is. */
export const cancelSubscription = defineTool({
  name: 'cancel_subscription',
  title: 'Cancel subscription',
  description: 'Cancel a subscription at once, without refund. Succeeds when it was cancelled already.',
  input: z.object({ subscription_id: subscriptionId }),
  output: z.object({
    subscription_id: stripeId,
    status,
    cancelled: z.boolean().describe('False when it had ended already'),
  }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['subscriptions:write'],
  egress: [requests('DELETE', '/v1/subscriptions/{subscription}'), requests('GET', '/v1/subscriptions/{subscription}')],
  example: { subscription_id: { $ref: '/create_subscription/output/subscription_id' } },
  async run({ subscription_id }, call: BillingCall) {
    const subject = '/subscription_id'
    try {
      const { status } = await remove(
        call,
        (stripe, options) => stripe.subscriptions.cancel(subscription_id, {}, options),
        { subject },
      )
      return { subscription_id, status: knownStatus(status), cancelled: true }
    } catch (error) {
      if (!(error instanceof CapabilityError) || error.failure.kind !== 'not_found') throw error
      // Stripe answers "not found" for a subscription that has ended, too; reading it tells one from the other.
      const { status } = await read(
        call,
        (stripe, options) => stripe.subscriptions.retrieve(subscription_id, {}, options),
        { subject },
      )
      if (!ended.has(status)) throw error
      return { subscription_id, status: knownStatus(status), cancelled: false }
    }
  },
})

async function attachPaymentMethod(
  call: BillingCall,
  customer: string,
  id: string | undefined,
): Promise<string | undefined> {
  if (id === undefined) return undefined
  const attached = await write(
    call,
    'payment_method',
    (stripe, options) => stripe.paymentMethods.attach(id, { customer }, options),
    { subject: '/payment_method' },
  )
  return attached.id
}

function summaryOf({ id, status, items, currency }: Stripe.Subscription): z.input<typeof subscriptionOutput> {
  const amounts = items.data.map(({ price, quantity = 1 }) =>
    price.unit_amount === null ? null : price.unit_amount * quantity,
  )
  const periodEnd = Math.min(...items.data.map((item) => item.current_period_end))
  return {
    subscription_id: id,
    status: knownStatus(status),
    current_period_end: new Date(periodEnd * 1000).toISOString(),
    amount: amounts.includes(null) ? null : amounts.reduce<number>((sum, amount) => sum + (amount ?? 0), 0),
    currency,
  }
}

function knownStatus(value: string): (typeof statuses)[number] {
  return status.parse(value)
}
