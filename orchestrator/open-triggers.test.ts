import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../shared/json.ts'
import { type HttpStage, openHttpStage } from '../test/support/http-stage.ts'
import { stationGoals } from '../test/support/workers/stations.ts'
import { readConfig } from './config.ts'
import { type OpenTriggers, openTriggers } from './open-triggers.ts'
import type { Trigger } from './triggers/trigger.ts'

const secret = `whsec_${Buffer.from('a secret of 24 characters').toString('base64')}`
const common = { goal: 'three', reasoner: 'planner', tenant: 'default', input: { subject: { $pointer: '/subject' } } }
const secrets = [{ env: 'WEBHOOK_SECRET' }]
const triggers: Trigger[] = [
  { ...common, trigger: 'signups', on: { webhook: { source: 'standard_webhooks', secrets, tolerance_s: 300 } } },
  {
    ...common,
    trigger: 'noisy',
    when: 'payload.subject != "nothing"',
    input: { subject: { $cel: 'payload.subject' }, each: { $pointer: '/each/0/a' } },
    on: { webhook: { source: 'github', secrets } },
  },
  { ...common, trigger: 'keyless', on: { webhook: { source: 'github', secrets: [{ env: 'NONE' }] } } },
  { ...common, trigger: 'orders', reasoner: 'claude', on: { queue: 'orders' } },
  {
    ...common,
    trigger: 'often',
    input: { subject: { $pointer: '/scheduled_at' } },
    on: { schedule: { cron: '* * * * * *', timezone: 'UTC', catch_up: 'all', most: 100 } },
  },
]

let stage: HttpStage
/** As in two workers, of which the first serves HTTP. */
const workers: OpenTriggers[] = []
const troubles: unknown[] = []

beforeAll(async () => {
  stage = await openHttpStage({
    modules: ({ record, pursuing }) => {
      const parts = {
        config: { ...readConfig({}), environment: { WEBHOOK_SECRET: secret } },
        triggers,
        goalNamed: (name: string) => Object.values(stationGoals).find(({ goal }) => goal === name),
        record,
        pursuing,
      }
      workers.push(openTriggers(parts), openTriggers(parts))
      return workers.slice(0, 1).map(({ webhooks }) => webhooks)
    },
  })
})
afterAll(() => stage[Symbol.asyncDispose]())

async function deliver(payload: Json, { id = 'msg_1', to = 'signups', signWith = secret } = {}) {
  const body = JSON.stringify(payload)
  const at = new Date()
  const response = await stage.app.request(`/v1/triggers/${to}`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new StandardWebhook(signWith).sign(id, at, body),
    },
    body,
  })
  return {
    status: response.status,
    location: response.headers.get('Location'),
    body: (await response.json()) as { run_id: string },
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 120_000; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error('it never came about')
}

const runsOf = async (principal: string) =>
  (await stage.yard.record.queries.listRuns('default', { principal, limit: 200 })).runs

describe('POST /v1/triggers/:name', () => {
  it('needs no key but the signature, and records a run whose input came by the trigger', async () => {
    const { status, location, body } = await deliver({ subject: 'acme' })
    expect(status).toBe(202)
    expect(location).toBe(`/v1/runs/${body.run_id}`)
    const { created, input_provenance } = await stage.yard.situation(body.run_id)
    expect(created).toMatchObject({ principal: 'trigger:signups', input: { subject: 'acme' } })
    expect(input_provenance).toEqual({ '/subject': ['trigger:signups'] })
  })

  it('gives a delivery that comes again the same run, also when all come at once and while it is pursued here', async () => {
    const first = await deliver({ subject: 'again' }, { id: 'msg_2' })
    await stage.yard.record.journal.adopt(first.body.run_id)
    const again = await Promise.all(Array.from({ length: 8 }, () => deliver({ subject: 'again' }, { id: 'msg_2' })))
    expect(again.map(({ status }) => status)).toEqual(Array(8).fill(200))
    const atOnce = await Promise.all(Array.from({ length: 8 }, () => deliver({ subject: 'once' }, { id: 'msg_3' })))
    expect(atOnce.filter(({ status }) => status === 202)).toHaveLength(1)
    const ids = [first, ...again].map(({ body }) => body.run_id)
    expect([new Set(ids).size, new Set(atOnce.map(({ body }) => body.run_id)).size]).toEqual([1, 1])
    stage.yard.record.journal.release(first.body.run_id)
  })

  it('refuses another’s signature, what makes no input, and names that are none', async () => {
    const before = (await runsOf('trigger:signups')).length
    const forged = await deliver({ subject: 'x' }, { id: 'msg_4', signWith: 'whsec_b3RoZXI=' })
    expect(forged).toMatchObject({ status: 401, body: { type: 'urn:remit:problem:unauthorized' } })
    const useless = await deliver({}, { id: 'msg_5' })
    expect(useless).toMatchObject({ status: 422, body: { errors: [{ pointer: '/subject' }] } })
    for (const to of ['none', 'orders', 'often']) expect((await deliver({}, { to })).status).toBe(404)
    expect(await runsOf('trigger:signups')).toHaveLength(before)
  })

  it('says to the operator alone that it has no secret', async () => {
    const { status, body } = await deliver({ subject: 'x' }, { to: 'keyless' })
    expect(status).toBe(500)
    expect(JSON.stringify(body)).not.toContain('NONE')
    expect(stage.troubles.splice(0)).toEqual([expect.objectContaining({ message: expect.stringContaining('NONE') })])
  })

  it('answers whatever its sender signs, and never with a defect', async () => {
    const named = fc.dictionary(fc.constantFrom('subject', 'each', 'a', '__proto__', '$ref'), fc.jsonValue())
    const bodies = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      named.map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary' }).map((subject) => JSON.stringify({ subject })),
    )
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const signature = createHmac('sha256', secret).update(body).digest('hex')
        const headers = { 'x-hub-signature-256': `sha256=${signature}` }
        const response = await stage.app.request('/v1/triggers/noisy', { method: 'POST', headers, body })
        expect([200, 202, 401, 422]).toContain(response.status)
        expect(stage.troubles).toEqual([])
      }),
      { numRuns: 100 },
    )
  }, 60_000)

  it('takes no body that is larger than any sender’s', async () => {
    expect((await deliver({ subject: 'x'.repeat(600_000) }, { id: 'msg_6' })).status).toBe(413)
  })
})

describe('two workers', () => {
  it('make one run of each message, and one of each instant', async () => {
    const { outbox } = stage.yard.record
    const working = workers.map(({ start }) => start((error) => troubles.push(error)))
    const ids = Array.from({ length: 20 }, (_, index) => `order-${index}`)
    for (const id of ids) await outbox.enqueue('orders', { id, payload: { subject: id } })
    await outbox.enqueue('orders', { id: 'useless', payload: {} })
    for (const id of ids) await outbox.enqueue('orders', { id, payload: { subject: id } })
    await until(
      async () => (await runsOf('trigger:often')).length >= 3 && (await runsOf('trigger:orders')).length >= 20,
    )
    await until(async () => (await outbox.refused()).length > 0)
    await Promise.all(working.map((one) => one.close()))
    const subjects = async (principal: string) =>
      Promise.all(
        (await runsOf(principal)).map(async ({ run_id }) => (await stage.yard.situation(run_id)).input.subject),
      )
    expect((await subjects('trigger:orders')).toSorted()).toEqual(ids.toSorted())
    const [order] = await runsOf('trigger:orders')
    expect((await stage.yard.situation(order?.run_id ?? '')).created.reasoner).toBe('claude')
    const instants = await subjects('trigger:often')
    expect(new Set(instants).size).toBe(instants.length)
    expect(troubles.map(String)).toEqual([expect.stringContaining('useless of the queue orders was set aside')])
  })
})
