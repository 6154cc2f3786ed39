import type { Customer, PaymentMethod, Subscription } from './objects.ts'
import { testCardOf } from './payment-methods.ts'
import { actionRequired, cardDeclined, type StripeRejection } from './stripe-rejection.ts'
import type { World } from './world.ts'

/** What a subscription is charged to: its own payment method, or the customer's. */
export function paymentMethodFor(
  { objects }: World,
  { default_payment_method: own }: Pick<Subscription, 'default_payment_method'>,
  customer: Customer,
): PaymentMethod | undefined {
  return objects.payment_methods[String(own ?? customer.invoice_settings.default_payment_method)]
}

/** What a charge for a `subscription` or an `invoice` comes to: nothing where it goes through, else Stripe's 402. */
export function refusalOf(
  { faults }: World,
  paymentMethod: PaymentMethod,
  what: 'subscription' | 'invoice',
): StripeRejection | undefined {
  if (faults.armed()?.mode === 'declined') return cardDeclined('generic_decline')
  const { refusesCharge, wantsAction } = testCardOf(paymentMethod) ?? {}
  if (refusesCharge !== undefined) return cardDeclined(refusesCharge)
  return wantsAction ? actionRequired(what) : undefined
}
