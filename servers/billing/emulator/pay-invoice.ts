import { paymentMethodFor, refusalOf } from './charge.ts'
import { liveCustomer } from './customers.ts'
import type { Invoice, PaymentMethod } from './objects.ts'
import { invalidParameter } from './stripe-rejection.ts'
import type { World } from './world.ts'

/**
 * Charges an open invoice once more, to a payment method of the customer's or the one that its subscription has. A
 * subscription that waited for it becomes active. A charge that is refused counts as an attempt and is thrown.
 */
export function payInvoice(world: World, invoice: Invoice, paymentMethodId: string | undefined): Invoice {
  if (invoice.status === 'paid') throw invalidParameter('invoice', 'Invoice is already paid', 'invoice_already_paid')
  if (invoice.status !== 'open') throw invalidParameter('invoice', 'This invoice can no longer be paid.')
  const paymentMethod = paymentMethodOf(world, invoice, paymentMethodId)
  const before = structuredClone(invoice)
  invoice.attempt_count += 1
  const refusal = refusalOf(world, paymentMethod, 'invoice')
  if (refusal) {
    world.emit('invoice.payment_failed', invoice)
    throw refusal
  }
  invoice.status = 'paid'
  invoice.amount_paid = invoice.amount_due
  invoice.amount_remaining = 0
  world.emit('invoice.updated', invoice, before)
  for (const type of ['invoice.paid', 'invoice.payment_succeeded'] as const) world.emit(type, invoice)
  activate(world, invoice)
  return invoice
}

function paymentMethodOf(world: World, invoice: Invoice, id: string | undefined): PaymentMethod {
  const customer = liveCustomer(world, String(invoice.customer))
  const subscription = subscriptionOf(world, invoice)
  const own = id ?? subscription?.default_payment_method ?? null
  const paymentMethod = paymentMethodFor(world, { default_payment_method: own }, customer)
  if (paymentMethod?.customer === customer.id) return paymentMethod
  const message = 'There is no payment method of the customer to charge.'
  throw invalidParameter('payment_method', message, 'resource_missing')
}

function activate(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (subscription?.latest_invoice !== invoice.id) return
  if (subscription.status !== 'incomplete' && subscription.status !== 'past_due') return
  const before = structuredClone(subscription)
  subscription.status = 'active'
  world.emit('customer.subscription.updated', subscription, before)
}

function subscriptionOf({ objects }: World, { parent }: Invoice) {
  return objects.subscriptions[String(parent?.subscription_details?.subscription)]
}
