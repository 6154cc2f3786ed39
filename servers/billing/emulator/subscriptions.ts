import { z } from 'zod'
import { periodEnd } from './billing-period.ts'
import { paymentMethodFor, refusalOf } from './charge.ts'
import { liveCustomer } from './customers.ts'
import { issueInvoice } from './invoices.ts'
import type { Customer, PaymentMethod, Price, Subscription } from './objects.ts'
import { pageOf } from './pages.ts'
import { changedMetadata, expandable, integer, metadata, paging } from './params.ts'
import { route } from './route.ts'
import { cardDeclined, invalidParameter, noSuch } from './stripe-rejection.ts'
import { endSubscription, hasEnded } from './subscription-end.ts'
import type { World } from './world.ts'

const expandables = ['customer', 'default_payment_method', 'latest_invoice']

const createParams = z.strictObject({
  ...expandable(...expandables),
  customer: z.string(),
  items: z
    .array(z.strictObject({ price: z.string(), quantity: integer({ min: 0 }).default(1) }))
    .min(1)
    .max(20),
  collection_method: z.literal('charge_automatically').optional(),
  default_payment_method: z.string().optional(),
  description: z.string().max(500).optional(),
  metadata: metadata.optional(),
  payment_behavior: z
    .enum(['allow_incomplete', 'default_incomplete', 'error_if_incomplete'])
    .default('allow_incomplete'),
  trial_period_days: integer({ min: 0, max: 730 }).default(0),
})
type CreateParams = z.output<typeof createParams>

const create = route('POST', '/v1/subscriptions', createParams, (world, params) => {
  const customer = liveCustomer(world, params.customer, 'customer')
  const prices = pricesOf(world, params)
  const trial = params.trial_period_days > 0
  const paymentMethod = paymentMethodOf(world, params, customer)
  if (!trial && !paymentMethod) throw noPaymentMethod()

  const refusal = firstRefusal(world, paymentMethod, trial)
  if (refusal !== undefined && params.payment_behavior === 'error_if_incomplete') throw cardDeclined(refusal)
  const unpaid = refusal !== undefined || (params.payment_behavior === 'default_incomplete' && !trial)

  const subscription = newSubscription(world, params, prices, unpaid ? 'incomplete' : trial ? 'trialing' : 'active')
  world.objects.subscriptions[subscription.id] = subscription
  world.emit('customer.subscription.created', subscription)
  subscription.latest_invoice = issueInvoice(world, customer, subscription, {
    reason: 'subscription_create',
    free: trial,
    paid: !unpaid,
  }).id
  return subscription
})

const retrieve = route(
  'GET',
  '/v1/subscriptions/:id',
  z.strictObject(expandable(...expandables)),
  ({ objects }, _, id) => {
    const subscription = objects.subscriptions[id]
    if (!subscription) throw noSuch('subscription', id)
    return subscription
  },
)

const listedStatuses = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const

const list = route(
  'GET',
  '/v1/subscriptions',
  z.strictObject({
    ...paging,
    ...expandable(...expandables.map((path) => `data.${path}`)),
    customer: z.string().optional(),
    price: z.string().optional(),
    status: z.enum(listedStatuses).optional(),
  }),
  ({ objects }, { customer, price, status, ...page }) => {
    if (customer !== undefined && !objects.customers[customer]) throw noSuch('customer', customer, 'customer', 400)
    const subscriptions = Object.values(objects.subscriptions).filter(
      (subscription) =>
        (customer === undefined || subscription.customer === customer) &&
        (price === undefined || subscription.items.data.some((item) => item.price.id === price)) &&
        hasListedStatus(subscription, status),
    )
    return pageOf(subscriptions, '/v1/subscriptions', page)
  },
)

/** Like Stripe, answers "no such subscription" for one that has ended, though it can still be retrieved. */
const cancel = route('DELETE', '/v1/subscriptions/:id', z.strictObject({}), (world, _, id) => {
  const subscription = world.objects.subscriptions[id]
  if (!subscription || hasEnded(subscription)) throw noSuch('subscription', id)
  endSubscription(world, subscription)
  return subscription
})

export const subscriptionRoutes = [create, retrieve, list, cancel]

function hasListedStatus(subscription: Subscription, wanted: (typeof listedStatuses)[number] | undefined): boolean {
  if (wanted === undefined) return subscription.status !== 'canceled'
  if (wanted === 'all') return true
  return wanted === 'ended' ? hasEnded(subscription) : subscription.status === wanted
}

function pricesOf({ objects }: World, { items }: CreateParams): Price[] {
  const prices = items.map(({ price: id }, index) => {
    const param = `items[${index}][price]`
    const price = objects.prices[id]
    if (!price) throw noSuch('price', id, param, 400)
    if (!price.active || !price.recurring) throw invalidParameter(param, 'The price must be active and recurring.')
    return price
  })
  const [first] = prices
  const mixed = prices.some(
    ({ currency, recurring }) => currency !== first?.currency || recurring?.interval !== first.recurring?.interval,
  )
  if (mixed) throw invalidParameter('items', 'All prices of a subscription must share currency and interval.')
  return prices
}

function paymentMethodOf(world: World, params: CreateParams, customer: Customer): PaymentMethod | undefined {
  const given = params.default_payment_method
  const paymentMethod = paymentMethodFor(world, { default_payment_method: given ?? null }, customer)
  if (given !== undefined && paymentMethod?.customer !== customer.id) {
    const message = `The customer does not have a payment method with the ID ${given}.`
    throw invalidParameter('default_payment_method', message, 'resource_missing')
  }
  return paymentMethod
}

function noPaymentMethod(): Error {
  const message = 'This customer has no attached payment source or default payment method.'
  return invalidParameter('default_payment_method', message, 'resource_missing')
}

/** The rehearsed decline strikes on trials too, so that it can always be seen. */
function firstRefusal(world: World, paymentMethod: PaymentMethod | undefined, trial: boolean): string | undefined {
  if (world.faults.armed() === 'declined') return 'generic_decline'
  return trial || !paymentMethod ? undefined : refusalOf(world, paymentMethod)
}

function newSubscription(
  world: World,
  params: CreateParams,
  prices: Price[],
  status: Subscription['status'],
): Subscription {
  const id = world.newId('sub')
  const start = world.now()
  const trialEnd = params.trial_period_days > 0 ? start + params.trial_period_days * 86_400 : null
  const items = prices.map((price, index) => ({
    id: world.newId('si'),
    object: 'subscription_item' as const,
    billing_thresholds: null,
    created: start,
    current_period_end: trialEnd ?? periodEnd(start, start, price),
    current_period_start: start,
    current_trial: null,
    discounts: [],
    metadata: {},
    price: structuredClone(price),
    quantity: params.items[index]?.quantity ?? 1,
    subscription: id,
    tax_rates: [],
  }))
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: trialEnd ?? start,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: start,
    currency: prices[0]?.currency ?? 'eur',
    customer: params.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: params.default_payment_method ?? null,
    default_source: null,
    default_tax_rates: [],
    description: params.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: { object: 'list', data: items, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: changedMetadata({}, params.metadata),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: start,
    status,
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: null,
    trial_start: trialEnd === null ? null : start,
  }
}
