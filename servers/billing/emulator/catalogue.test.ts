import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

let emulated: EmulatedStripe

beforeEach(async () => {
  emulated = await emulatedStripe()
})

afterEach(() => emulated[Symbol.asyncDispose]())

test('a price of one’s own, with its product, is found by its lookup key and can be subscribed to', async () => {
  const { stripe } = emulated
  const price = await stripe.prices.create({
    currency: 'USD',
    unit_amount: 4_900,
    recurring: { interval: 'month', interval_count: 3 },
    lookup_key: 'gold_quarterly',
    product_data: { name: 'Gold', metadata: { tier: '3' } },
    expand: ['product'],
  })
  expect(price).toMatchObject({
    active: true,
    currency: 'usd',
    product: { name: 'Gold', metadata: { tier: '3' } },
    recurring: { interval: 'month', interval_count: 3 },
    type: 'recurring',
  })
  const { data } = await stripe.prices.list({ lookup_keys: ['gold_quarterly'] })
  expect(data.map(({ id }) => id)).toEqual([price.id])

  const customer = await emulated.customerWith()
  const { items, created } = await stripe.subscriptions.create({ customer, items: [{ price: price.id, quantity: 2 }] })
  const days = ((items.data[0]?.current_period_end ?? 0) - created) / 86_400
  expect(days).toBeGreaterThanOrEqual(89)
  expect(days).toBeLessThanOrEqual(92)
  expect((await stripe.invoices.list({ customer })).data).toMatchObject([{ currency: 'usd', amount_paid: 9_800 }])
  const types = (await stripe.events.list({ types: ['product.*', 'price.*'] })).data.map(({ type }) => type)
  expect(types).toEqual(['price.created', 'product.created'])
})

test('a lookup key belongs to one price, and moves to another only where that is asked for', async () => {
  const { stripe } = emulated
  const request = {
    currency: 'eur',
    unit_amount: 2_100,
    product: 'prod_team',
    recurring: { interval: 'month' },
  } as const
  await expect(stripe.prices.create({ ...request, lookup_key: 'team_monthly' })).rejects.toMatchObject({
    statusCode: 400,
    param: 'lookup_key',
  })
  const raised = await stripe.prices.create({ ...request, lookup_key: 'team_monthly', transfer_lookup_key: true })
  expect((await stripe.prices.list({ lookup_keys: ['team_monthly'] })).data.map(({ id }) => id)).toEqual([raised.id])
  expect((await stripe.prices.retrieve('price_team_monthly')).lookup_key).toBeNull()
})

test('a price that is not sold any more, or only once, starts no subscription', async () => {
  const { stripe } = emulated
  const customer = await emulated.customerWith()
  await stripe.prices.update('price_team_monthly', { active: false })
  const once = await stripe.prices.create({ currency: 'eur', unit_amount: 500, product: 'prod_team' })
  expect(once).toMatchObject({ type: 'one_time', recurring: null })
  for (const price of ['price_team_monthly', once.id]) {
    await expect(stripe.subscriptions.create({ customer, items: [{ price }] })).rejects.toMatchObject({
      statusCode: 400,
      param: 'items[0][price]',
    })
  }
})

test('a product is made, changed, listed by id and not made twice', async () => {
  const { stripe } = emulated
  await stripe.products.create({ id: 'prod_gold', name: 'Gold', description: 'All of it' })
  await expect(stripe.products.create({ id: 'prod_gold', name: 'Gold' })).rejects.toMatchObject({
    code: 'resource_already_exists',
  })
  const changed = await stripe.products.update('prod_gold', { active: false, name: 'Old gold', description: '' })
  expect(changed).toMatchObject({ active: false, name: 'Old gold', description: null })
  await expect(stripe.products.update('prod_gold', { default_price: 'price_team_monthly' })).rejects.toMatchObject({
    param: 'default_price',
  })
  expect((await stripe.products.list({ ids: ['prod_gold'], active: false })).data).toMatchObject([{ id: 'prod_gold' }])
})

test.each([
  [{ currency: 'eur', unit_amount: 1 }, 'product'],
  [{ currency: 'eur', unit_amount: 1, product: 'prod_none' }, 'product'],
  [{ currency: 'eur', unit_amount: 1, product: 'prod_team', product_data: { name: 'x' } }, 'product'],
  [{ currency: 'euro', unit_amount: 1, product: 'prod_team' }, 'currency'],
])('refuses the price %j by its parameter', async (params, param) => {
  await expect(emulated.stripe.prices.create(params)).rejects.toMatchObject({ statusCode: 400, param })
})
