import { paymentMethodFor, refusalOf } from './charge.ts'
import { liveCustomer } from './customers.ts'
import { issueInvoice } from './issue-invoice.ts'
import { newSubscription } from './new-subscription.ts'
import type { Customer, PaymentMethod, Price, Subscription } from './objects.ts'
import { pageOf } from './pages.ts'
import { route } from './route.ts'
import { cardDeclined, invalidParameter, noSuch, type StripeRejection } from './stripe-rejection.ts'
import { endSubscription, hasEnded } from './subscription-end.ts'
import {
  type CreateParams,
  cancelParams,
  createParams,
  type ListedStatus,
  listParams,
  retrieveParams,
} from './subscription-params.ts'
import type { World } from './world.ts'

const create = route('POST', '/v1/subscriptions', createParams, (world, params) => {
  const customer = liveCustomer(world, params.customer, 'customer')
  const prices = pricesOf(world, params)
  const trial = params.trial_period_days > 0
  const paymentMethod = paymentMethodOf(world, params, customer)
  if (!trial && !paymentMethod) throw noPaymentMethod()

  const refusal = firstRefusal(world, paymentMethod, trial)
  if (refusal !== undefined && params.payment_behavior === 'error_if_incomplete') throw refusal
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

const retrieve = route('GET', '/v1/subscriptions/:id', retrieveParams, ({ objects }, _, id) => {
  const subscription = objects.subscriptions[id]
  if (!subscription) throw noSuch('subscription', id)
  return subscription
})

const list = route(
  'GET',
  '/v1/subscriptions',
  listParams,
  ({ objects }, { created, customer, price, status, ...page }) => {
    if (customer !== undefined && !objects.customers[customer]) throw noSuch('customer', customer, 'customer', 400)
    const subscriptions = Object.values(objects.subscriptions).filter(
      (subscription) =>
        (created === undefined || created(subscription.created)) &&
        (customer === undefined || subscription.customer === customer) &&
        (price === undefined || subscription.items.data.some((item) => item.price.id === price)) &&
        hasListedStatus(subscription, status),
    )
    return pageOf(subscriptions, '/v1/subscriptions', page)
  },
)

/** Like Stripe, answers "no such subscription" for one that has ended, though it can still be retrieved. */
const cancel = route('DELETE', '/v1/subscriptions/:id', cancelParams, (world, _, id) => {
  const subscription = world.objects.subscriptions[id]
  if (!subscription || hasEnded(subscription)) throw noSuch('subscription', id)
  endSubscription(world, subscription)
  return subscription
})

export const subscriptionRoutes = [create, retrieve, list, cancel]

function hasListedStatus(subscription: Subscription, wanted: ListedStatus | undefined): boolean {
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
function firstRefusal(
  world: World,
  paymentMethod: PaymentMethod | undefined,
  trial: boolean,
): StripeRejection | undefined {
  if (world.faults.armed()?.mode === 'declined') return cardDeclined('generic_decline')
  return trial || !paymentMethod ? undefined : refusalOf(world, paymentMethod, 'subscription')
}
