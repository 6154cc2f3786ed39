import type { Customer, PaymentMethod, Subscription } from './objects.ts'
import { chargeRefusalOf } from './payment-methods.ts'
import type { World } from './world.ts'

/** What a subscription is charged to: its own payment method, or the customer's. */
export function paymentMethodFor(
  { objects }: World,
  { default_payment_method: own }: Pick<Subscription, 'default_payment_method'>,
  customer: Customer,
): PaymentMethod | undefined {
  return objects.payment_methods[String(own ?? customer.invoice_settings.default_payment_method)]
}

/** Why the bank says no, if it does; the rehearsed decline is such a reason. */
export function refusalOf({ faults }: World, paymentMethod: PaymentMethod): string | undefined {
  return faults.armed() === 'declined' ? 'generic_decline' : chargeRefusalOf(paymentMethod)
}
