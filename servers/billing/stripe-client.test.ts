import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { notSentHeader } from '../../shared/capability/not-sent.ts'
import { startServerForTest, type TestServer } from '../../shared/capability/testing.ts'
import { server } from './server.ts'

/** What answers in Stripe's place. */
let answer: { status: number; headers?: Record<string, string>; body: string }
let place: Server
let billing: TestServer

beforeEach(async () => {
  place = createServer((request, response) => {
    request.resume()
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(place, 'listening')
  const { port } = place.address() as AddressInfo
  const environment = { STRIPE_API_BASE: `http://127.0.0.1:${port}`, STRIPE_API_KEY: 'sk_test_x' }
  billing = await startServerForTest(server, { environment })
})
afterEach(async () => {
  await billing.close()
  place.close()
  place.closeAllConnections()
})

const remove = () => billing.call('delete_customer', { customer_id: 'cus_1' })
const find = () => billing.call('find_subscription', { customer_id: 'cus_1' })
const problem = JSON.stringify({ type: 'about:blank', title: 'The endpoint cannot be reached', status: 502 })

describe('what Stripe did not write is no answer of its, whatever JSON it is', () => {
  test('a door that says that nothing was sent: the call has provably done nothing', async () => {
    answer = { status: 502, headers: { [notSentHeader]: '1' }, body: problem }
    expect(await remove()).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(await find()).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  test.each([
    [502, problem],
    [404, '{}'],
    [503, '{"message":"no healthy upstream"}'],
    [502, '{"error":null}'],
    [502, '{"error":""}'],
    [502, '{"error":{}}'],
    [401, '{"error":"proxy authentication required"}'],
    [404, '{"error":"no such route"}'],
    [403, '{"error":{"message":"denied by the firewall"}}'],
    [200, '{"ok":true}'],
    [200, '{"object":null}'],
    [200, '[]'],
    [200, 'null'],
  ])(
    'a proxy that answers %i with %s: whether a change happened is unknown, and nothing was read',
    async (status, body) => {
      answer = { status, body }
      expect(await remove()).toMatchObject({ status: 'uncertain', failure: { vendor_code: 'not_stripe' } })
      expect(await find()).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    },
  )

  test('what Stripe itself writes is taken as it is', async () => {
    answer = { status: 200, body: '{"id":"cus_1","object":"customer","deleted":true}' }
    expect(await remove()).toMatchObject({ status: 'succeeded', output: { deleted: true } })
    answer = { status: 404, body: '{"error":{"type":"invalid_request_error","code":"resource_missing"}}' }
    expect(await remove()).toMatchObject({ status: 'succeeded', output: { deleted: false } })
  })
})
