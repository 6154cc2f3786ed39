import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import type { JsonObject } from '../../shared/capability/index.ts'
import { startServerForTest, type TestServer } from '../../shared/capability/testing.ts'
import { startStripeEmulator } from './emulator/start.ts'
import { server } from './server.ts'

// What became of a change whose reply never came: the ways to find out, and what each of Stripe's answers allows.

let folder: string
let emulator: RunningEmulator
let billing: TestServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-billing-'))
  emulator = await startStripeEmulator(folder, { busyMs: 1_000 })
  billing = await startServerForTest(server, { environment: { ...emulator.endpoints, ...emulator.credentials } })
})

afterEach(async () => {
  await billing.close()
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

const control = (route: string, body: object) =>
  fetch(`${emulator.control}/${route}`, { method: 'POST', body: JSON.stringify(body) })
const arm = (mode: string | null) => control('faults', { mode })

const acme = { organization_id: 'org_1', name: 'Acme', email: 'ada@acme.example' }
const byEmail = { organization_id: acme.organization_id, email: acme.email }

async function succeed(tool: string, args: JsonObject, idempotencyKey?: string): Promise<JsonObject> {
  const outcome = await billing.call(tool, args, idempotencyKey === undefined ? {} : { idempotencyKey })
  if (outcome.status !== 'succeeded') throw new Error(JSON.stringify(outcome))
  return outcome.output
}

const notFound = { status: 'failed', failure: { kind: 'not_found' } }

describe('a customer is told from others of the same organization', () => {
  test('by the key of the call that made it, exactly or by search, also when Stripe has forgotten the key', async () => {
    const first = await succeed('create_customer', acme, 'k1')
    const second = await succeed('create_customer', acme, 'k2')
    await control('clock', { advance_s: 25 * 3600 })
    for (const args of [byEmail, { organization_id: acme.organization_id }]) {
      expect(await succeed('find_customer', { ...args, key: 'k1' })).toEqual(first)
      expect(await succeed('find_customer', { ...args, key: 'k2' })).toEqual(second)
      expect(await billing.call('find_customer', { ...args, key: 'k3' })).toMatchObject(notFound)
    }
  })

  test('by the run that asks, so that an undo never takes what another run made', async () => {
    // Without an envelope the call is no run's.
    await billing.call('create_customer', acme)
    const lookup = { ...byEmail, this_run: true }
    expect(await billing.call('find_customer', lookup, { idempotencyKey: 'look' })).toMatchObject(notFound)
    const own = await succeed('create_customer', acme, 'k1')
    expect(await succeed('find_customer', lookup, 'look')).toEqual(own)
  })

  test('though it is further back than one page of Stripe’s list', async () => {
    const first = await succeed('create_customer', acme, 'k0')
    for (let number = 1; number <= 101; number += 1) await succeed('create_customer', acme, `k${number}`)
    expect(await succeed('find_customer', { ...byEmail, key: 'k0' })).toEqual(first)
  })
})

test('a subscription is told from others on the same price by its key and its run', async () => {
  const { customer_id = '' } = await succeed('create_customer', acme, 'k')
  const args = { customer_id, price: 'team_monthly', seats: 1 }
  const first = await succeed('create_subscription', args, 'k1')
  const second = await succeed('create_subscription', args, 'k2')
  const look = { customer_id, price: 'team_monthly' }
  expect(await succeed('find_subscription', { ...look, key: 'k1' })).toEqual(first)
  expect(await succeed('find_subscription', { ...look, key: 'k2', this_run: true }, 'look')).toEqual(second)
  expect(await billing.call('find_subscription', { ...look, this_run: true })).toMatchObject(notFound)
})

test('prices are listed and found beyond one page of Stripe’s list', async () => {
  const headers = {
    Authorization: `Bearer ${emulator.credentials.STRIPE_API_KEY}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  }
  const price = (key: string) =>
    `currency=eur&unit_amount=1&product=prod_team&recurring[interval]=month&lookup_key=${key}`
  for (let number = 1; number <= 100; number += 1)
    await fetch(`${emulator.endpoints.STRIPE_API_BASE}/v1/prices`, {
      method: 'POST',
      headers,
      body: price(`p${number}`),
    })
  const { prices } = await succeed('list_prices', {})
  expect(prices).toHaveLength(106)
})

describe('a change that Stripe answered with an error of its own', () => {
  const create = (idempotencyKey: string) => billing.call('create_customer', acme, { idempotencyKey })
  const look = () => billing.call('find_customer', { ...byEmail, key: 'k1' })

  test('may have happened: a repeat only hears the same, and the lookup finds it', async () => {
    await arm('crash')
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await create('k1')).toMatchObject({ status: 'uncertain' })
    expect(await look()).toMatchObject({ status: 'succeeded' })
  })

  test('may not have happened: the lookup proves it, and another key gets through', async () => {
    await arm('stalled')
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await create('k1')).toMatchObject({ status: 'uncertain' })
    expect(await look()).toMatchObject(notFound)
    expect(await create('k2')).toMatchObject({ status: 'succeeded' })
  })
})

test('a key whose first request is still under way is uncertain, not a conflict, and later answers what that one did', async () => {
  await arm('busy')
  const create = () => billing.call('create_customer', acme, { idempotencyKey: 'k1' })
  expect(await create()).toMatchObject({ status: 'uncertain' })
  expect(await create()).toMatchObject({ status: 'uncertain', failure: { vendor_code: 'idempotency_key_in_use' } })
  let outcome = await create()
  while (outcome.status !== 'succeeded') outcome = await create()
  expect(await succeed('find_customer', byEmail)).toEqual(outcome.output)
})

test('a rate limit is provably nothing done, with the time that Stripe asks for', async () => {
  await arm('limited')
  const limited = { status: 'failed', failure: { kind: 'rate_limited', retry_after_ms: 1_000 } }
  expect(await billing.call('create_customer', acme)).toMatchObject(limited)
  expect(await billing.call('find_customer', byEmail)).toMatchObject(limited)
  expect(await billing.call('find_customer', byEmail)).toMatchObject(notFound)
})

test('a card whose holder has to confirm is declined with that reason, and leaves no subscription', async () => {
  const { customer_id = '' } = await succeed('create_customer', acme)
  const payment_method = 'pm_card_authenticationRequired'
  const args = { customer_id, price: 'team_monthly', seats: 1, payment_method }
  expect(await billing.call('create_subscription', args)).toMatchObject({
    status: 'failed',
    failure: {
      kind: 'declined',
      message: expect.stringContaining('confirm the payment'),
      vendor_code: 'subscription_payment_intent_requires_action',
    },
  })
  expect(await billing.call('find_subscription', { customer_id })).toMatchObject(notFound)
})
