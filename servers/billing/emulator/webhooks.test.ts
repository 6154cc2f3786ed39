import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

interface Received {
  headers: IncomingHttpHeaders
  payload: string
}

interface Receiver extends AsyncDisposable {
  url: string
  received: Received[]
  /** Resolves once so many have come. */
  has(count: number): Promise<void>
}

/** A receiver that answers with these statuses in turn, and with 200 after them. */
async function openReceiver(...statuses: number[]): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, payload: await text(request) })
    const status = statuses.shift() ?? 200
    response.writeHead(status, status === 302 ? { Location: '/elsewhere' } : {}).end()
    server.emit('taken')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async has(count) {
      while (received.length < count) await once(server, 'taken')
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

let emulated: EmulatedStripe

beforeEach(async () => {
  emulated = await emulatedStripe({ retryAfterMs: [20, 20] })
})

afterEach(() => emulated[Symbol.asyncDispose]())

async function register(url: string, enabled_events: ('*' | 'customer.created' | 'customer.deleted')[] = ['*']) {
  const { id, secret } = await emulated.stripe.webhookEndpoints.create({ url, enabled_events })
  return { id, secret: String(secret) }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('are signed so that Stripe’s SDK takes them, and say what the events list says', async () => {
  await using receiver = await openReceiver()
  const { secret } = await register(receiver.url)
  const customer = await emulated.stripe.customers.create({ name: 'Grüße' }, { idempotencyKey: 'k' })
  await receiver.has(1)

  const [{ payload, headers } = { payload: '', headers: {} }] = receiver.received
  const signature = String(headers['stripe-signature'])
  const event = emulated.stripe.webhooks.constructEvent(payload, signature, secret)
  expect(event).toMatchObject({
    type: 'customer.created',
    data: { object: { id: customer.id, name: 'Grüße' } },
    request: { id: customer.lastResponse.requestId, idempotency_key: 'k' },
    pending_webhooks: 1,
  })
  const { lastResponse: _, ...listed } = await emulated.stripe.events.retrieve(event.id)
  expect({ ...listed, pending_webhooks: 1 }).toEqual(event)

  const others = [payload.replace('Grüße', 'Other'), payload]
  const secrets = [secret, `${secret}x`]
  for (const [index, other] of others.entries()) {
    expect(() => emulated.stripe.webhooks.constructEvent(other, signature, String(secrets[index]))).toThrow(
      /No signatures found/,
    )
  }
})

test('carry the machine’s time whatever the account’s clock says, and bring what time brought about', async () => {
  await using receiver = await openReceiver()
  const { body } = await emulated.control('webhooks', { url: receiver.url, events: ['customer.subscription.updated'] })
  const { secret } = body as { secret: string }
  const customer = await emulated.customerWith()
  await emulated.stripe.subscriptions.create({ customer, items: [{ price: 'price_team_monthly' }] })
  await emulated.control('clock', { advance_s: 32 * 86_400 })
  await receiver.has(1)
  const [{ payload, headers } = { payload: '', headers: {} }] = receiver.received
  const event = emulated.stripe.webhooks.constructEvent(payload, String(headers['stripe-signature']), secret)
  expect(event).toMatchObject({ type: 'customer.subscription.updated', request: { id: null } })
})

test('come in order, and only of the types that the endpoint wants', async () => {
  await using all = await openReceiver()
  await using some = await openReceiver()
  await register(all.url)
  await register(some.url, ['customer.deleted'])
  const { id } = await emulated.stripe.customers.create({ name: 'Acme' })
  await emulated.stripe.customers.update(id, { name: 'Acme Labs' })
  await emulated.stripe.customers.del(id)
  await Promise.all([all.has(3), some.has(1)])
  const typesOf = ({ received }: Receiver) => received.map(({ payload }) => JSON.parse(payload).type)
  expect(typesOf(all)).toEqual(['customer.created', 'customer.updated', 'customer.deleted'])
  expect(typesOf(some)).toEqual(['customer.deleted'])
})

test('are sent again until a 2xx answer; a redirection is none, and is not followed', async () => {
  await using receiver = await openReceiver(500, 302)
  await register(receiver.url)
  await emulated.stripe.customers.create({ name: 'Acme' })
  await receiver.has(3)
  expect(new Set(receiver.received.map(({ payload }) => payload)).size).toBe(1)
  await until(async () => (await emulated.stripe.events.list({ delivery_success: true })).data.length === 1)
})

test('are given up after the last attempt, which the event shows', async () => {
  await using receiver = await openReceiver(500, 500, 500)
  await register(receiver.url, ['customer.created'])
  const { id } = await emulated.stripe.customers.create({ name: 'Acme' })
  await receiver.has(3)
  await emulated.stripe.customers.del(id)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.received).toHaveLength(3)
  const { data } = await emulated.stripe.events.list({ delivery_success: false })
  expect(data.map(({ type, pending_webhooks }) => [type, pending_webhooks])).toEqual([['customer.created', 1]])
})

test('stop for an endpoint that is disabled or deleted', async () => {
  await using receiver = await openReceiver()
  const { id } = await register(receiver.url)
  await emulated.stripe.webhookEndpoints.update(id, { disabled: true })
  await emulated.stripe.customers.create({ name: 'unseen' })
  await emulated.stripe.webhookEndpoints.update(id, { disabled: false })
  await emulated.stripe.customers.create({ name: 'seen' })
  await receiver.has(1)
  expect(JSON.parse(receiver.received[0]?.payload ?? '')).toMatchObject({ data: { object: { name: 'seen' } } })
  expect(await emulated.stripe.webhookEndpoints.del(id)).toMatchObject({ id, deleted: true })
  await expect(emulated.stripe.webhookEndpoints.retrieve(id)).rejects.toMatchObject({ statusCode: 404 })
})

test('go to loopback only, and their secret is told once', async () => {
  const { stripe } = emulated
  await expect(
    stripe.webhookEndpoints.create({ url: 'https://acme.example/', enabled_events: ['*'] }),
  ).rejects.toMatchObject({ statusCode: 501, code: 'emulator_unsupported' })
  expect(await emulated.control('webhooks', { url: 'https://acme.example/' })).toMatchObject({ status: 400 })
  await expect(stripe.webhookEndpoints.create({ url: 'acme', enabled_events: ['*'] })).rejects.toMatchObject({
    statusCode: 400,
    param: 'url',
  })
  const { id, secret } = await register('http://localhost:9/')
  expect(secret).toMatch(/^whsec_\w{32}$/)
  expect(await stripe.webhookEndpoints.retrieve(id)).not.toHaveProperty('secret')
  expect(JSON.stringify((await emulated.control('state')).body)).not.toContain(secret)
  expect((await stripe.webhookEndpoints.list()).data.map((endpoint) => endpoint.id)).toEqual([id])
})
