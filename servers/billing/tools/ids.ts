import { z } from 'zod'
import { fact } from '../../../shared/capability/index.ts'

/** An id as Stripe makes them; anything else could change the path of a request. */
export const stripeId = z.string().regex(/^\w{1,255}$/, 'an id of Stripe: letters, digits and _ only')

/** `cus_…` */
export const customerId = fact(stripeId.describe("Stripe's id of the customer: cus_…"), 'billing.customer_id')

/** `sub_…` */
export const subscriptionId = fact(
  stripeId.describe("Stripe's id of the subscription: sub_…"),
  'billing.subscription_id',
)
