import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

let emulated: EmulatedStripe

beforeEach(async () => {
  emulated = await emulatedStripe()
})

afterEach(() => emulated[Symbol.asyncDispose]())

async function restricted(permissions: Record<string, string>) {
  const { body } = await emulated.control('keys', { permissions })
  const { key } = body as { key: string }
  expect(key).toMatch(/^rk_test_\w{24}$/)
  return emulated.withKey(key)
}

test('a restricted key does what it was given, and 403 names the permission that it lacks', async () => {
  const stripe = await restricted({ customer: 'write', plan: 'read' })
  const { id } = await stripe.customers.create({ name: 'Acme' })
  await stripe.customers.retrieve(id)
  await stripe.prices.list()

  const refused = { statusCode: 403, type: 'StripePermissionError' }
  const naming = (permission: string) => ({
    ...refused,
    message: expect.stringContaining(`'${permission}' permission`),
  })
  await expect(stripe.subscriptions.create({ customer: id, items: [] })).rejects.toMatchObject(
    naming('rak_subscription_write'),
  )
  await expect(stripe.subscriptions.list()).rejects.toMatchObject(naming('rak_subscription_read'))
  await expect(stripe.paymentMethods.attach('pm_card_visa', { customer: id })).rejects.toMatchObject(
    naming('rak_payment_method_write'),
  )
})

test('reading does not include writing, and a refusal leaves the idempotency key free', async () => {
  const stripe = await restricted({ customer: 'read' })
  const key = { idempotencyKey: 'k' }
  await stripe.customers.list()
  await expect(stripe.customers.create({ name: 'Acme' }, key)).rejects.toMatchObject({ statusCode: 403 })
  await emulated.stripe.customers.create({ name: 'Acme' }, key)
  expect((await stripe.customers.list()).data).toHaveLength(1)
})

test('keys are taken as a bearer token or as basic authentication, and no others', async () => {
  const status = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    return (await fetch(`${emulated.url}/v1/customers`, { headers })).status
  }
  const basic = (key: string) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  expect(await status(`Bearer ${emulated.apiKey}`)).toBe(200)
  expect(await status(basic(emulated.apiKey))).toBe(200)
  for (const wrong of [undefined, '', 'Bearer ', 'Bearer rk_test_other', basic('sk_test_other'), emulated.apiKey]) {
    expect(await status(wrong), String(wrong)).toBe(401)
  }
})

test('a permission that Stripe does not have is refused', async () => {
  const refused = await emulated.control('keys', { permissions: { everything: 'write' } })
  expect(refused).toMatchObject({ status: 400, body: { error: expect.stringContaining('customer, ') } })
})
