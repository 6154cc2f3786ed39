import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

let emulated: EmulatedStripe

beforeEach(async () => {
  emulated = await emulatedStripe()
})

afterEach(() => emulated[Symbol.asyncDispose]())

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const reply = await fetch(emulated.url + path, {
    method,
    ...(body !== undefined && { body }),
    headers: {
      Authorization: `Bearer ${emulated.apiKey}`,
      'Content-Type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  })
  const { error } = (await reply.json()) as { error?: { code?: string; message: string } }
  return { status: reply.status, code: error?.code, message: error?.message }
}

describe('what Stripe would do and the emulator does not is 501 by name, never ignored and never called wrong', () => {
  test.each([
    ['a parameter', 'POST', '/v1/customers', 'shipping[name]=x', 'shipping'],
    ['a parameter of a list', 'GET', '/v1/subscriptions?plan=p', undefined, 'plan=p'],
    ['a nested parameter', 'POST', '/v1/subscriptions', 'customer=c&items[0][tax_rates][]=t', 'items[0][tax_rates]'],
    [
      'a value',
      'POST',
      '/v1/subscriptions',
      'customer=c&items[0][price]=p&collection_method=send_invoice',
      'collection_method=send_invoice',
    ],
    ['an expansion', 'GET', '/v1/prices?expand[]=data.tiers', undefined, 'data.tiers'],
    ['a search clause', 'GET', "/v1/customers/search?query=name~'Ac'", undefined, "name~'Ac'"],
    ['a route', 'POST', '/v1/refunds', 'charge=ch_1', 'POST /v1/refunds'],
  ])('%s: %s %s %s', async (_, method, path, body, named) => {
    const { status, code, message } = await ask(method, path, body)
    expect([status, code]).toEqual([501, 'emulator_unsupported'])
    expect(message).toContain(named)
  })

  test('acting for a connected account', async () => {
    expect(await ask('GET', '/v1/customers', undefined, { 'Stripe-Account': 'acct_1' })).toMatchObject({ status: 501 })
  })
})

test.each(['nickname=x', 'address[planet]=x', 'tax_id_data[0][colour]=x'])(
  'what Stripe does not know either is parameter_unknown: %s',
  async (body) => {
    expect(await ask('POST', '/v1/customers', body)).toMatchObject({ status: 400, code: 'parameter_unknown' })
  },
)

test('searches page by page, newest first, and refuses a page that it never gave out', async () => {
  const { stripe } = emulated
  const made: string[] = []
  for (const name of ['a', 'b', 'c'])
    made.unshift((await stripe.customers.create({ name, metadata: { who: "it's" } })).id)
  const found: string[] = []
  for await (const { id } of stripe.customers.search({ query: "metadata['who']:'it\\'s'", limit: 2 })) found.push(id)
  expect(found).toEqual(made)
  expect(await ask('GET', "/v1/customers/search?query=metadata['who']:'x'&page=zzz")).toMatchObject({ status: 400 })
})

test('lists by the time of making', async () => {
  const { stripe } = emulated
  await stripe.customers.create({ name: 'early' })
  await emulated.control('clock', { advance_s: 100 })
  const late = await stripe.customers.create({ name: 'late' })
  const { data } = await stripe.customers.list({ created: { gte: late.created } })
  expect(data.map(({ name }) => name)).toEqual(['late'])
})
