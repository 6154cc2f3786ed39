import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { IdempotencyKeys } from './emulator/idempotency.ts'
import { startStripeEmulator } from './emulator/start.ts'
import { openStripe } from './stripe-client.ts'

let folder: string
let emulator: RunningEmulator
let client: ReturnType<typeof openStripe>
let stripe: Stripe

async function open(options?: Parameters<typeof startStripeEmulator>[1]): Promise<void> {
  emulator = await startStripeEmulator(folder, options)
  client = connect(emulator.credentials.STRIPE_API_KEY ?? '')
  stripe = client.stripe
}

function connect(apiKey: string): ReturnType<typeof openStripe> {
  return openStripe({ baseUrl: emulator.endpoints.STRIPE_API_BASE ?? '', apiKey })
}

async function shut(): Promise<void> {
  client.close()
  await emulator.close()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-stripe-'))
  await open()
})

afterEach(async () => {
  await shut()
  await rm(folder, { recursive: true, force: true })
})

async function arm(mode: string | null): Promise<void> {
  const reply = await fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
  expect(reply.status).toBe(200)
}

async function subscribable(card = 'pm_card_visa'): Promise<{ customer: string; paymentMethod: string }> {
  const { id: customer } = await stripe.customers.create({ name: 'Acme' })
  const { id: paymentMethod } = await stripe.paymentMethods.attach(card, { customer })
  return { customer, paymentMethod }
}

/** A raw request, for what the SDK would not send. */
function raw(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${emulator.endpoints.STRIPE_API_BASE}${path}`, {
    method,
    ...(body !== undefined && { body }),
    headers: {
      Authorization: `Bearer ${emulator.credentials.STRIPE_API_KEY}`,
      'Content-Type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  })
}

describe('idempotency keys', () => {
  test('give the first reply again to the same request, and change nothing', async () => {
    const first = await stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
    const second = await stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })

    expect(second.id).toBe(first.id)
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true')
    expect((await stripe.customers.list()).data).toHaveLength(1)
  })

  test('refuse other parameters', async () => {
    await stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
    await expect(stripe.customers.create({ name: 'Other' }, { idempotencyKey: 'k' })).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    })
  })

  test('refuse a second request while the first is under way', async () => {
    await shut()
    await open({ latencyMs: 200 })
    const send = () => stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
    const [first, second] = await Promise.allSettled([send(), send()])

    const refused = first.status === 'rejected' ? first : second
    expect(refused).toMatchObject({ reason: { statusCode: 409, code: 'idempotency_key_in_use' } })
    expect((await stripe.customers.list()).data).toHaveLength(1)
  })

  test('keep a decline, and leave the key free after a request that was never carried out', async () => {
    const { customer, paymentMethod } = await subscribable()
    const declined = () =>
      stripe.subscriptions.create(
        {
          customer,
          default_payment_method: paymentMethod,
          items: [{ price: 'price_team_monthly', quantity: 1 }],
          payment_behavior: 'error_if_incomplete',
        },
        { idempotencyKey: 'declined' },
      )
    await arm('declined')
    await expect(declined()).rejects.toMatchObject({ statusCode: 402 })
    await arm(null)
    await expect(declined()).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' })

    await expect(stripe.customers.create({ email: 'nobody' }, { idempotencyKey: 'bad' })).rejects.toThrow()
    await expect(stripe.customers.create({ email: 'a@b.example' }, { idempotencyKey: 'bad' })).resolves.toBeDefined()
  })

  test('keep a 500 and forget everything after a day', () => {
    let now = 0
    const keys = new IdempotencyKeys({}, () => now)
    expect(keys.begin('k', 'request')).toBeUndefined()
    keys.end('k', 'request', { status: 500, body: 'broken' })
    expect(keys.begin('k', 'request')).toMatchObject({ status: 500, body: 'broken' })
    now = 24 * 60 * 60 + 1
    expect(keys.begin('k', 'other request')).toBeUndefined()
  })
})

describe('refusals', () => {
  test('answer 401 in Stripe’s shape to a wrong key and to none', async () => {
    const wrong = connect('sk_test_wrong')
    await expect(wrong.stripe.customers.list()).rejects.toMatchObject({ type: 'StripeAuthenticationError' })
    wrong.close()
    const reply = await raw('GET', '/v1/customers', undefined, { Authorization: '' })
    expect(reply.status).toBe(401)
    expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test.each([
    ['POST', '/v1/customers', 'nickname=x', { code: 'parameter_unknown', param: 'nickname' }],
    ['POST', '/v1/customers', 'address[planet]=x', { code: 'parameter_unknown', param: 'address[planet]' }],
    ['POST', '/v1/subscriptions', 'items[0][price]=x', { code: 'parameter_missing', param: 'customer' }],
    [
      'POST',
      '/v1/subscriptions',
      'customer=c&items[0][price]=p&items[0][quantity]=two',
      { code: 'parameter_invalid_integer', param: 'items[0][quantity]' },
    ],
    ['GET', '/v1/customers?limit=101', undefined, { code: 'parameter_invalid_integer', param: 'limit' }],
    ['GET', '/v1/customers?starting_after=cus_none', undefined, { code: 'resource_missing', param: 'starting_after' }],
    ['POST', '/v1/customers', 'metadata[__proto__]=x', { param: 'metadata[__proto__]' }],
    ['POST', '/v1/customers', 'tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=1', { code: 'tax_id_invalid' }],
  ])('%s %s %s', async (method, path, body, error) => {
    const reply = await raw(method, path, body)
    expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error', ...error } })
    expect(reply.status).toBe(400)
    expect((await stripe.customers.list()).data).toEqual([])
  })
})

test('pages through a list by cursor, both ways, the newest first', async () => {
  const made: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) made.push((await stripe.customers.create({ name })).id)
  made.reverse()

  const ids: string[] = []
  for await (const customer of stripe.customers.list({ limit: 2 })) ids.push(customer.id)
  expect(ids).toEqual(made)

  const back = await stripe.customers.list({ limit: 2, ending_before: made[3] ?? '' })
  expect(back.data.map(({ id }) => id)).toEqual(made.slice(1, 3))
  expect(back.has_more).toBe(true)
})

test('decodes indexed and unindexed lists alike', async () => {
  for (const query of [
    'lookup_keys[]=team_monthly&lookup_keys[]=team_yearly',
    'lookup_keys[0]=team_monthly&lookup_keys[1]=team_yearly',
  ]) {
    const reply = await raw('GET', `/v1/prices?${query}`)
    const { data } = (await reply.json()) as { data: { lookup_key: string }[] }
    expect(data.map(({ lookup_key }) => lookup_key).sort()).toEqual(['team_monthly', 'team_yearly'])
  }
})

describe('customers', () => {
  test('are found by e-mail address and by metadata, updated, and leave a tombstone', async () => {
    const { id } = await stripe.customers.create({
      email: 'a@acme.example',
      metadata: { organization_id: 'org_1', x: '1' },
    })
    await stripe.customers.create({ email: 'b@acme.example' })

    expect((await stripe.customers.list({ email: 'a@acme.example' })).data.map((c) => c.id)).toEqual([id])
    const query = "metadata['organization_id']:'org_1'"
    expect((await stripe.customers.search({ query })).data.map((c) => c.id)).toEqual([id])

    const updated = await stripe.customers.update(id, { name: 'Acme', metadata: { x: '' } })
    expect(updated).toMatchObject({ name: 'Acme', email: 'a@acme.example', metadata: { organization_id: 'org_1' } })
    expect(updated.metadata).not.toHaveProperty('x')

    expect(await stripe.customers.del(id)).toMatchObject({ id, deleted: true })
    expect(await stripe.customers.retrieve(id)).toMatchObject({ id, deleted: true })
    await expect(stripe.customers.del(id)).rejects.toMatchObject({ statusCode: 404, code: 'resource_missing' })
    expect((await stripe.customers.search({ query })).data).toEqual([])
  })

  test('end their subscriptions when they are deleted', async () => {
    const { customer, paymentMethod } = await subscribable()
    const { id } = await stripe.subscriptions.create({
      customer,
      default_payment_method: paymentMethod,
      items: [{ price: 'price_team_monthly' }],
    })
    await stripe.customers.del(customer)
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled' })
  })
})

describe('subscriptions', () => {
  test('charge at once, with a paid invoice and events', async () => {
    const { customer, paymentMethod } = await subscribable()
    const subscription = await stripe.subscriptions.create({
      customer,
      default_payment_method: paymentMethod,
      items: [{ price: 'price_team_monthly', quantity: 25 }],
      expand: ['latest_invoice'],
    })

    expect(subscription).toMatchObject({ status: 'active', customer, currency: 'eur' })
    expect(subscription.latest_invoice).toMatchObject({ status: 'paid', amount_paid: 47_500, customer })
    const days = ((subscription.items.data[0]?.current_period_end ?? 0) - subscription.created) / 86_400
    expect(days).toBeGreaterThanOrEqual(28)
    expect(days).toBeLessThanOrEqual(31)
    expect((await stripe.events.list()).data.map(({ type }) => type)).toEqual([
      'invoice.payment_succeeded',
      'invoice.paid',
      'invoice.finalized',
      'invoice.created',
      'customer.subscription.created',
      'payment_method.attached',
      'customer.created',
    ])
  })

  test('try first for free when asked, without a card', async () => {
    const { id: customer } = await stripe.customers.create({ name: 'Acme' })
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: 'price_team_yearly', quantity: 2 }],
      trial_period_days: 14,
    })
    expect(subscription.status).toBe('trialing')
    expect(subscription.trial_end).toBe(subscription.created + 14 * 86_400)
    expect((await stripe.invoices.list({ customer })).data).toMatchObject([{ amount_due: 0, status: 'paid' }])
  })

  test('stay incomplete when the charge is declined, or are not made at all', async () => {
    const { customer, paymentMethod } = await subscribable('pm_card_chargeCustomerFail')
    const params = { customer, default_payment_method: paymentMethod, items: [{ price: 'price_team_monthly' }] }

    await expect(
      stripe.subscriptions.create({ ...params, payment_behavior: 'error_if_incomplete' }),
    ).rejects.toMatchObject({ type: 'StripeCardError', code: 'card_declined', decline_code: 'generic_decline' })
    expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([])

    const { id, status } = await stripe.subscriptions.create(params)
    expect(status).toBe('incomplete')
    expect((await stripe.invoices.list({ customer })).data).toMatchObject([{ status: 'open', amount_remaining: 1900 }])
    expect(await stripe.subscriptions.cancel(id)).toMatchObject({ status: 'incomplete_expired' })
    expect((await stripe.invoices.list({ customer })).data).toMatchObject([{ status: 'void' }])
  })

  test('are cancelled once; then Stripe knows them only by retrieval', async () => {
    const { customer, paymentMethod } = await subscribable()
    const { id } = await stripe.subscriptions.create({
      customer,
      default_payment_method: paymentMethod,
      items: [{ price: 'price_team_monthly' }],
    })
    expect(await stripe.subscriptions.cancel(id)).toMatchObject({ status: 'canceled' })
    await expect(stripe.subscriptions.cancel(id)).rejects.toMatchObject({ statusCode: 404, code: 'resource_missing' })
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled' })
    expect((await stripe.subscriptions.list({ customer })).data).toEqual([])
  })

  test('need a payment method of their own customer', async () => {
    const { paymentMethod } = await subscribable()
    const { id: customer } = await stripe.customers.create({ name: 'Other' })
    const items = [{ price: 'price_team_monthly' }]
    for (const own of [{}, { default_payment_method: paymentMethod }]) {
      await expect(stripe.subscriptions.create({ customer, items, ...own })).rejects.toMatchObject({
        statusCode: 400,
        code: 'resource_missing',
        param: 'default_payment_method',
      })
    }
  })
})

test('declines some test cards already when they are attached', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Acme' })
  await expect(
    stripe.paymentMethods.attach('pm_card_chargeDeclinedInsufficientFunds', { customer }),
  ).rejects.toMatchObject({ type: 'StripeCardError', decline_code: 'insufficient_funds' })
  await expect(stripe.paymentMethods.attach('pm_card_unheard', { customer })).rejects.toMatchObject({ statusCode: 404 })
})

test('survives a restart with its objects, its key and its kept replies', async () => {
  const { STRIPE_API_KEY } = emulator.credentials
  const made = await stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
  await shut()
  await open()

  expect(emulator.credentials.STRIPE_API_KEY).toBe(STRIPE_API_KEY)
  expect((await stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })).id).toBe(made.id)
  expect((await stripe.customers.list()).data).toHaveLength(1)
})

describe('faults', () => {
  test('flaky answers 503 twice and is over', async () => {
    await arm('flaky')
    await expect(stripe.customers.list()).rejects.toMatchObject({ statusCode: 503 })
    await expect(stripe.customers.create({ name: 'Acme' })).rejects.toMatchObject({ statusCode: 503 })
    expect((await stripe.customers.list()).data).toEqual([])
    expect(await (await fetch(`${emulator.control}/faults`)).json()).toEqual({ mode: null })
  })

  test('down answers 503 until it is cleared', async () => {
    await arm('down')
    for (let i = 0; i < 4; i++) await expect(stripe.customers.list()).rejects.toMatchObject({ statusCode: 503 })
    await arm(null)
    await expect(stripe.customers.list()).resolves.toBeDefined()
  })

  test('lost makes the change once and drops its reply; reads go through', async () => {
    await arm('lost')
    await expect(stripe.customers.list()).resolves.toBeDefined()
    const create = () => stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
    await expect(create()).rejects.toMatchObject({ type: 'StripeConnectionError' })
    const state = (await (await fetch(`${emulator.control}/state`)).json()) as { customers: Record<string, unknown> }
    expect(Object.keys(state.customers)).toEqual([(await create()).id])
  })

  test('declined refuses to start a subscription, on trial too, until it is cleared, and nothing else', async () => {
    await arm('declined')
    const { customer, paymentMethod } = await subscribable()
    const params = { customer, default_payment_method: paymentMethod, items: [{ price: 'price_team_monthly' }] }
    const strictly = { ...params, payment_behavior: 'error_if_incomplete' as const }
    for (const trial of [{}, { trial_period_days: 14 }, {}]) {
      await expect(stripe.subscriptions.create({ ...strictly, ...trial })).rejects.toMatchObject({
        statusCode: 402,
        code: 'card_declined',
      })
    }
    expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([])
    await arm(null)
    expect(await stripe.subscriptions.create(strictly)).toMatchObject({ status: 'active' })
  })

  test('refuse a mode that nobody knows', async () => {
    const reply = await fetch(`${emulator.control}/faults`, { method: 'POST', body: '{"mode":"odd"}' })
    expect(reply.status).toBe(400)
  })

  test('the state shows no key', async () => {
    const text = await (await fetch(`${emulator.control}/state`)).text()
    expect(text).toContain('price_team_monthly')
    expect(text).not.toContain(emulator.credentials.STRIPE_API_KEY)
  })
})
