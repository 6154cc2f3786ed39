import type Stripe from 'stripe'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

let emulated: EmulatedStripe
let stripe: Stripe

beforeEach(async () => {
  emulated = await emulatedStripe()
  stripe = emulated.stripe
})

afterEach(() => emulated[Symbol.asyncDispose]())

const items = [{ price: 'price_team_monthly', quantity: 2 }]

/** A subscription whose first payment waits for the card's holder, and its invoice. */
async function incomplete(card = 'pm_card_authenticationRequired') {
  const customer = await emulated.customerWith(card)
  const { id, status, latest_invoice } = await stripe.subscriptions.create({ customer, items })
  return { customer, id, status, invoice: String(latest_invoice) }
}

test('a card whose holder has to confirm leaves the subscription incomplete and its invoice open', async () => {
  const { status, invoice } = await incomplete()
  expect(status).toBe('incomplete')
  expect(await stripe.invoices.retrieve(invoice)).toMatchObject({ status: 'open', amount_remaining: 3_800 })
})

test('with error_if_incomplete it is a 402 that asks for action, and nothing is made', async () => {
  const customer = await emulated.customerWith('pm_card_authenticationRequired')
  const strictly = { customer, items, payment_behavior: 'error_if_incomplete' as const }
  await expect(stripe.subscriptions.create(strictly)).rejects.toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
    code: 'subscription_payment_intent_requires_action',
  })
  expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([])
})

test('default_incomplete waits for a payment that may yet come, and asks the card for nothing', async () => {
  const customer = await emulated.customerWith()
  const { status } = await stripe.subscriptions.create({ customer, items, payment_behavior: 'default_incomplete' })
  expect(status).toBe('incomplete')
})

test('paying the invoice with another card makes the subscription active', async () => {
  const { customer, id, invoice } = await incomplete()
  await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({
    statusCode: 402,
    code: 'invoice_payment_intent_requires_action',
  })
  const { id: payment_method } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  expect(await stripe.invoices.pay(invoice, { payment_method })).toMatchObject({ status: 'paid', amount_paid: 3_800 })
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  const { data } = await stripe.events.list({ type: 'customer.subscription.updated' })
  expect(data[0]?.data.previous_attributes).toEqual({ status: 'incomplete' })
  await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ code: 'invoice_already_paid' })
})

test('a declined payment is told, counted and changes nothing else', async () => {
  const { id, invoice } = await incomplete('pm_card_chargeCustomerFail')
  await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ code: 'card_declined', statusCode: 402 })
  expect(await stripe.invoices.retrieve(invoice)).toMatchObject({ status: 'open', attempt_count: 2 })
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('incomplete')
})

test('a cancelled one has expired, and its invoice can no longer be paid, nor with somebody else’s card', async () => {
  const { id, invoice } = await incomplete()
  const stranger = await emulated.customerWith()
  const [card] = (await stripe.paymentMethods.list({ customer: stranger })).data
  await expect(stripe.invoices.pay(invoice, { payment_method: String(card?.id) })).rejects.toMatchObject({
    param: 'payment_method',
  })
  expect((await stripe.subscriptions.cancel(id)).status).toBe('incomplete_expired')
  await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ statusCode: 400 })
})
