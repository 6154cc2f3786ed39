import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import type { JsonObject } from '../../shared/capability/index.ts'
import { startServerForTest, type TestServer } from '../../shared/capability/testing.ts'
import { startStripeEmulator } from './emulator/start.ts'
import type { StripeObjects } from './emulator/state.ts'
import { server } from './server.ts'

let folder: string
let emulator: RunningEmulator
let billing: TestServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-billing-'))
  emulator = await startStripeEmulator(folder)
  billing = await start()
})

afterEach(async () => {
  await billing.close()
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}): Promise<TestServer> {
  return startServerForTest(server, {
    environment: { ...emulator.endpoints, ...emulator.credentials, ...environment },
  })
}

async function arm(mode: string | null): Promise<void> {
  await fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
}

async function objects(): Promise<StripeObjects> {
  return (await (await fetch(`${emulator.control}/state`)).json()) as StripeObjects
}

const acme = { organization_id: 'org_1', name: 'Acme', email: 'ada@acme.example', country: 'DE', tax_id: 'DE123456789' }

async function succeed(tool: string, args: JsonObject, idempotencyKey?: string): Promise<JsonObject> {
  const outcome = await billing.call(tool, args, idempotencyKey === undefined ? {} : { idempotencyKey })
  expect(outcome).toMatchObject({ status: 'succeeded' })
  return outcome.status === 'succeeded' ? outcome.output : {}
}

async function customer(): Promise<string> {
  return String((await succeed('create_customer', acme)).customer_id)
}

describe('the way to a subscription', () => {
  test('customer, prices, subscription, invoice, and all of it found again', async () => {
    const { customer_id } = await succeed('create_customer', acme)
    const { prices } = await succeed('list_prices', {})
    expect(prices).toContainEqual({
      price: 'price_team_monthly',
      lookup_key: 'team_monthly',
      product: 'Team',
      unit_amount: 1900,
      currency: 'eur',
      interval: 'month',
    })

    const subscription = await succeed('create_subscription', {
      customer_id,
      price: 'team_monthly',
      seats: 25,
    } as JsonObject)
    expect(subscription).toMatchObject({ status: 'active', amount: 47_500, currency: 'eur' })
    expect(Date.parse(String(subscription.current_period_end))).toBeGreaterThan(Date.now())

    const lookup = { organization_id: acme.organization_id }
    expect(await succeed('find_customer', { ...lookup, email: acme.email })).toEqual({ customer_id })
    expect(await succeed('find_customer', lookup)).toEqual({ customer_id })
    expect(await succeed('find_subscription', { customer_id: String(customer_id) })).toEqual(subscription)
    expect(await succeed('list_invoices', { customer_id: String(customer_id) })).toMatchObject({
      invoices: [{ status: 'paid', amount_paid: 47_500 }],
      has_more: false,
    })
  })

  test('gives Stripe the address, the tax id and where the customer comes from', async () => {
    await billing.call('create_customer', acme, { idempotencyKey: 'key-1' })
    const { customers, tax_ids } = await objects()
    expect(Object.values(customers)).toMatchObject([
      {
        name: 'Acme',
        email: 'ada@acme.example',
        address: { country: 'DE' },
        metadata: { organization_id: 'org_1', remit_run: 'test-run', remit_key: 'key-1' },
      },
    ])
    expect(Object.values(tax_ids)).toMatchObject([{ type: 'eu_vat', value: 'DE123456789' }])
  })

  test('starts with a trial when asked', async () => {
    const args = { customer_id: await customer(), price: 'starter_yearly', seats: 1, trial_days: 14 }
    expect(await succeed('create_subscription', args)).toMatchObject({ status: 'trialing', amount: 9000 })
  })
})

describe('one effect per key', () => {
  test('a repeated create_customer answers the same customer', async () => {
    const first = await succeed('create_customer', acme, 'key')
    expect(await succeed('create_customer', acme, 'key')).toEqual(first)
    expect(await succeed('create_customer', acme, 'other key')).not.toEqual(first)
    expect(Object.keys((await objects()).customers)).toHaveLength(2)
  })

  test('a repeated create_subscription attaches and charges once, though it is several requests', async () => {
    const args = { customer_id: await customer(), price: 'team_monthly', seats: 3 }
    const first = await succeed('create_subscription', args, 'key')
    expect(await succeed('create_subscription', args, 'key')).toEqual(first)
    const { subscriptions, payment_methods, invoices } = await objects()
    expect([subscriptions, payment_methods, invoices].map((all) => Object.keys(all).length)).toEqual([1, 1, 1])
  })

  test('a key of the longest length still has room for its steps', async () => {
    const key = 'k'.repeat(255)
    const first = await succeed('create_customer', acme, key)
    expect(await succeed('create_customer', acme, key)).toEqual(first)
  })

  test('the same key with other arguments is a conflict', async () => {
    await succeed('create_customer', acme, 'key')
    expect(await billing.call('create_customer', { ...acme, name: 'Other' }, { idempotencyKey: 'key' })).toMatchObject({
      status: 'failed',
      failure: { kind: 'conflict' },
    })
  })
})

describe('undo', () => {
  test('cancelling twice succeeds, and the cancelled subscription is not found any more', async () => {
    const customer_id = await customer()
    const { subscription_id } = await succeed('create_subscription', { customer_id, price: 'team_monthly', seats: 1 })
    const args = { subscription_id: String(subscription_id) }
    expect(await succeed('cancel_subscription', args)).toEqual({ ...args, status: 'canceled', cancelled: true })
    expect(await succeed('cancel_subscription', args)).toEqual({ ...args, status: 'canceled', cancelled: false })
    expect(await billing.call('find_subscription', { customer_id })).toMatchObject({ failure: { kind: 'not_found' } })
  })

  test('cancelling what never was is not found', async () => {
    expect(await billing.call('cancel_subscription', { subscription_id: 'sub_none' })).toMatchObject({
      status: 'failed',
      failure: { kind: 'not_found', issues: [{ path: '/subscription_id' }] },
    })
  })

  test('deleting twice succeeds, and the deleted customer is not found any more', async () => {
    const customer_id = await customer()
    expect(await succeed('delete_customer', { customer_id })).toEqual({ customer_id, deleted: true })
    expect(await succeed('delete_customer', { customer_id })).toEqual({ customer_id, deleted: false })
    for (const email of [{}, { email: acme.email }]) {
      const outcome = await billing.call('find_customer', { organization_id: 'org_1', ...email })
      expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'not_found' } })
    }
  })

  test('the lookup of a subscription looks at the price, too', async () => {
    const customer_id = await customer()
    await succeed('create_subscription', { customer_id, price: 'team_monthly', seats: 1 })
    expect(await billing.call('find_subscription', { customer_id, price: 'team_yearly' })).toMatchObject({
      failure: { kind: 'not_found' },
    })
  })
})

describe('what Stripe refuses', () => {
  test('a price nobody sells is not found, with the keys that exist', async () => {
    const outcome = await billing.call('create_subscription', {
      customer_id: await customer(),
      price: 'gold',
      seats: 1,
    })
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'not_found', issues: [{ path: '/price', message: expect.stringContaining('team_monthly') }] },
    })
    expect((await objects()).payment_methods).toEqual({})
  })

  test('a customer that is gone is not found by its path', async () => {
    const args = { customer_id: 'cus_none', price: 'team_monthly', seats: 1 }
    expect(await billing.call('create_subscription', args)).toMatchObject({
      failure: { kind: 'not_found', issues: [{ path: '/customer_id' }], vendor_code: 'resource_missing' },
    })
  })

  test.each([
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_chargeCustomerFail', 'generic_decline'],
  ])('%s is declined and leaves no subscription', async (payment_method, vendor_code) => {
    const args = { customer_id: await customer(), price: 'team_monthly', seats: 1, payment_method }
    expect(await billing.call('create_subscription', args)).toMatchObject({
      status: 'failed',
      failure: { kind: 'declined', vendor_code },
    })
    expect((await objects()).subscriptions).toEqual({})
  })

  test('a rehearsed decline says which payment method is there already', async () => {
    const customer_id = await customer()
    await arm('declined')
    const outcome = await billing.call('create_subscription', {
      customer_id,
      price: 'team_monthly',
      seats: 1,
      trial_days: 7,
    })
    expect(outcome).toMatchObject({
      failure: { kind: 'declined', done: { payment_method: expect.stringMatching(/^pm_/) } },
    })
  })

  test('a tax id needs a country whose tax ids are known', async () => {
    const { country: _, ...noCountry } = acme
    for (const args of [noCountry, { ...acme, country: 'AQ' }]) {
      expect(await billing.call('create_customer', args)).toMatchObject({
        failure: { kind: 'invalid_input', issues: [{ path: '/country' }] },
      })
    }
  })

  test('a tax id that Stripe refuses is named by its path, never by its value', async () => {
    const outcome = await billing.call('create_customer', { ...acme, tax_id: '7-secret-7' })
    expect(outcome).toMatchObject({ failure: { kind: 'invalid_input', issues: [{ path: '/tax_id' }] } })
    expect(JSON.stringify(outcome)).not.toContain('7-secret-7')
  })

  test('an id that could leave its place in the path is refused before anything is sent', async () => {
    expect(await billing.call('delete_customer', { customer_id: '../prices' })).toMatchObject({
      failure: { kind: 'invalid_input', issues: [{ path: '/customer_id' }] },
    })
  })
})

describe('when Stripe is away', () => {
  test('a refused connection is unavailable: nothing was sent', async () => {
    const port = await closedPort()
    const cut = await start({ STRIPE_API_BASE: `http://127.0.0.1:${port}` })
    expect(await cut.call('create_customer', acme)).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', vendor_code: 'ECONNREFUSED' },
    })
    await cut.close()
  })

  test('a 503 leaves a change uncertain and a read unavailable', async () => {
    await arm('down')
    expect(await billing.call('create_customer', acme)).toMatchObject({ status: 'uncertain' })
    expect(await billing.call('delete_customer', { customer_id: 'cus_1' })).toMatchObject({ status: 'uncertain' })
    expect(await billing.call('list_prices', {})).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    const reading = await billing.call('create_subscription', { customer_id: 'cus_1', price: 'team_monthly', seats: 1 })
    expect(reading).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  test('a lost reply is uncertain, and the same key finds the one effect', async () => {
    await arm('lost')
    expect(await billing.call('create_customer', acme, { idempotencyKey: 'key' })).toMatchObject({
      status: 'uncertain',
    })
    const { customer_id } = await succeed('create_customer', acme, 'key')
    expect(Object.keys((await objects()).customers)).toEqual([customer_id])
    expect(await succeed('find_customer', { organization_id: 'org_1', email: acme.email })).toEqual({ customer_id })
  })

  test('a reply that is not JSON is uncertain for a change', async () => {
    const proxy = createServer((_, reply) => reply.writeHead(502).end('<html>Bad gateway</html>'))
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
    const { port } = proxy.address() as AddressInfo
    const behind = await start({ STRIPE_API_BASE: `http://127.0.0.1:${port}` })
    expect(await behind.call('create_customer', acme)).toMatchObject({ status: 'uncertain' })
    await behind.close()
    await new Promise((closed) => proxy.close(closed))
  })

  test.each([
    ['answers 409', (reply: ServerResponse) => reply.writeHead(409).end('{"error":{}}')],
    ['answers 500', (reply: ServerResponse) => reply.writeHead(500).end('{"error":{}}')],
    [
      'asks to be asked again',
      (reply: ServerResponse) => reply.writeHead(503, { 'Stripe-Should-Retry': 'true' }).end(),
    ],
    ['drops the connection', (reply: ServerResponse) => reply.socket?.resetAndDestroy()],
  ])('is asked once where it %s, though its SDK would repeat that by itself', async (_, answer) => {
    let asked = 0
    const vendor = createServer((_request, reply) => {
      asked += 1
      answer(reply)
    })
    await new Promise<void>((listening) => vendor.listen(0, '127.0.0.1', listening))
    const { port } = vendor.address() as AddressInfo
    const behind = await start({ STRIPE_API_BASE: `http://127.0.0.1:${port}` })
    await behind.call('create_customer', acme)
    expect(asked).toBe(1)
    await behind.close()
    await new Promise((closed) => vendor.close(closed))
  })

  test('a request ends with the deadline of its call', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    const { port } = silent.address() as AddressInfo
    const waiting = await start({ STRIPE_API_BASE: `http://127.0.0.1:${port}` })
    const deadline = new Date(Date.now() + 300)
    expect(await waiting.call('create_customer', acme, { deadline })).toMatchObject({ status: 'uncertain' })
    await waiting.close()
    silent.closeAllConnections()
    await new Promise((closed) => silent.close(closed))
  })
})

describe('the key', () => {
  test('is sent under the path of the base URL, too', async () => {
    const seen: (string | undefined)[] = []
    const broker = createServer(({ url }, reply) => {
      seen.push(url)
      reply.writeHead(200, { 'Content-Type': 'application/json' }).end('{"id":"cus_1","object":"customer"}')
    })
    await new Promise<void>((listening) => broker.listen(0, '127.0.0.1', listening))
    const { port } = broker.address() as AddressInfo
    const behind = await start({ STRIPE_API_BASE: `http://127.0.0.1:${port}/stripe/` })
    expect(await behind.call('create_customer', acme)).toMatchObject({ status: 'succeeded' })
    expect(seen).toEqual(['/stripe/v1/customers'])
    await behind.close()
    await new Promise((closed) => broker.close(closed))
  })

  test('is unauthorized when Stripe refuses it, and is in no failure', async () => {
    const STRIPE_API_KEY = 'sk_test_wrongwrongwrong'
    const stranger = await start({ STRIPE_API_KEY })
    const refused = await stranger.call('create_customer', acme)
    await stranger.close()
    expect(refused).toMatchObject({ status: 'failed', failure: { kind: 'unauthorized' } })

    const failures = [refused]
    for (const mode of ['down', 'lost', 'declined']) {
      const customer_id = await customer()
      await arm(mode)
      failures.push(await billing.call('create_subscription', { customer_id, price: 'team_monthly', seats: 1 }))
      await arm(null)
    }
    expect(failures.map(({ status }) => status)).not.toContain('succeeded')
    for (const key of [STRIPE_API_KEY, emulator.credentials.STRIPE_API_KEY]) {
      expect(JSON.stringify(failures)).not.toContain(key)
    }
  })

  test('is refused at start when it is none, without being quoted', async () => {
    const starting = start({ STRIPE_API_KEY: 'hunter2' })
    await expect(starting).rejects.toThrow(/STRIPE_API_KEY/)
    await expect(starting).rejects.not.toThrow(/hunter2/)
  })
})

async function closedPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
  const { port } = probe.address() as AddressInfo
  await new Promise((closed) => probe.close(closed))
  return port
}
