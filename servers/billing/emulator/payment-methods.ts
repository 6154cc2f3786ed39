import type Stripe from 'stripe'
import { z } from 'zod'
import { liveCustomer } from './customers.ts'
import type { PaymentMethod } from './objects.ts'
import { pageOf } from './pages.ts'
import { expandable, paging } from './params.ts'
import { choice, paramsOf } from './params-of.ts'
import { route } from './route.ts'
import { cardDeclined, invalidParameter, noSuch } from './stripe-rejection.ts'
import type { World } from './world.ts'

interface TestCard {
  brand: string
  last4: string
  /** Decline code when the card is attached. */
  refusesAttach?: string
  /** Decline code when the card is charged. */
  refusesCharge?: string
  /** Whether the card's holder has to confirm a charge (3D Secure), which nobody does here. */
  wantsAction?: boolean
}

/** Stripe's test payment methods, as its testing page describes them. */
const testCards: Record<string, TestCard> = {
  pm_card_visa: { brand: 'visa', last4: '4242' },
  pm_card_mastercard: { brand: 'mastercard', last4: '4444' },
  pm_card_amex: { brand: 'amex', last4: '8431' },
  pm_card_chargeDeclined: { brand: 'visa', last4: '0002', refusesAttach: 'generic_decline' },
  pm_card_chargeDeclinedInsufficientFunds: { brand: 'visa', last4: '9995', refusesAttach: 'insufficient_funds' },
  pm_card_chargeDeclinedExpiredCard: { brand: 'visa', last4: '0069', refusesAttach: 'expired_card' },
  pm_card_chargeCustomerFail: { brand: 'visa', last4: '0341', refusesCharge: 'generic_decline' },
  pm_card_authenticationRequired: { brand: 'visa', last4: '3184', wantsAction: true },
}

/** The test card that a payment method was made of. */
export function testCardOf({ card }: PaymentMethod): TestCard | undefined {
  return Object.values(testCards).find(({ last4 }) => last4 === card?.last4)
}

const attach = route(
  'POST',
  '/v1/payment_methods/:id/attach',
  paramsOf<Stripe.PaymentMethodAttachParams>()({ ...expandable('customer'), customer: z.string() }, 'customer_account'),
  (world, params, id) => {
    const customer = liveCustomer(world, params.customer, 'customer')
    const existing = world.objects.payment_methods[id]
    if (existing) {
      if (existing.customer === customer.id) return existing
      throw invalidParameter('payment_method', 'The payment method has already been attached to a customer.')
    }
    const card = testCards[id]
    if (!card) throw noSuch('PaymentMethod', id, 'payment_method')
    if (card.refusesAttach !== undefined) throw cardDeclined(card.refusesAttach)
    const paymentMethod = attachedCard(world, card, customer.id)
    world.objects.payment_methods[paymentMethod.id] = paymentMethod
    world.emit('payment_method.attached', paymentMethod)
    return paymentMethod
  },
)

const retrieve = route(
  'GET',
  '/v1/payment_methods/:id',
  paramsOf<Stripe.PaymentMethodRetrieveParams>()(expandable('customer')),
  ({ objects }, _, id) => {
    const paymentMethod = objects.payment_methods[id]
    if (!paymentMethod) throw noSuch('PaymentMethod', id, 'payment_method')
    return paymentMethod
  },
)

const list = route(
  'GET',
  '/v1/payment_methods',
  paramsOf<Stripe.PaymentMethodListParams>()(
    {
      ...paging,
      ...expandable('data.customer'),
      customer: z.string(),
      type: choice(['card'], 'sepa_debit', 'us_bank_account', 'link', 'paypal').optional(),
    },
    'allow_redisplay',
    'customer_account',
  ),
  (world, { customer, type: _, ...page }) => {
    liveCustomer(world, customer, 'customer')
    const methods = Object.values(world.objects.payment_methods).filter((method) => method.customer === customer)
    return pageOf(methods, '/v1/payment_methods', page)
  },
)

export const paymentMethodRoutes = [attach, retrieve, list]

/** Attaching a test card makes a payment method of its own, as at Stripe. */
function attachedCard(world: World, { brand, last4 }: TestCard, customer: string): PaymentMethod {
  return {
    id: world.newId('pm'),
    object: 'payment_method',
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    card: {
      brand,
      checks: null,
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      exp_year: new Date(world.now() * 1000).getUTCFullYear() + 4,
      funding: 'credit',
      generated_from: null,
      last4,
      networks: null,
      regulated_status: null,
      three_d_secure_usage: null,
      wallet: null,
    },
    created: world.now(),
    customer,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}
