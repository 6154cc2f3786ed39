import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/json.ts'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'
import { knownReasoners } from '../../reasoners.ts'

let stage: HttpStage
let ann: Client

beforeAll(async () => {
  const oracle = { name: 'oracle', reads_texts: true, lacks: 'a tripod' }
  stage = await openHttpStage({ reasoners: [...knownReasoners(undefined), oracle] })
  ann = await stage.client()
})
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

const post = (client: Client, body: Json, headers: Record<string, string> = {}) =>
  client('/v1/runs', { method: 'POST', body, headers })

describe('POST /v1/runs', () => {
  it('records a run for any worker, under whose key it was, and says where it is', async () => {
    const response = await post(ann, { goal: 'three', input: { subject: 'acme' } })
    expect(response.status).toBe(202)
    const { run_id } = (await response.json()) as { run_id: string }
    expect(response.headers.get('Location')).toBe(`/v1/runs/${run_id}`)
    expect(await stage.yard.record.ownerOf(run_id)).toEqual({ tenant: 'default', principal: 'ann' })
    const shown = await ann(`/v1/runs/${run_id}`)
    expect(await shown.json()).toMatchObject({ run_id, goal: 'three', status: 'queued', calls: [] })
  })

  it('gives a repeated request the same run, also of many at once, and another principal one of their own', async () => {
    const body = { goal: 'three', input: { subject: 'once' } }
    const bob = await stage.client({ principal: 'bob' })
    const key = { 'Idempotency-Key': 'order-7' }
    const responses = await Promise.all(Array.from({ length: 10 }, () => post(ann, body, key)))
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(202))
    const ids = await Promise.all(
      responses.map(async (response) => ((await response.json()) as { run_id: string }).run_id),
    )
    expect(new Set(ids).size).toBe(1)
    const { run_id: other } = (await (await post(bob, body, key)).json()) as { run_id: string }
    expect(other).not.toBe(ids[0])
    expect(await stage.yard.record.journal.read(String(ids[0]))).toHaveLength(1)
  })

  it('makes the run that was promised under a key where nobody had got as far as to record it', async () => {
    const body = { goal: 'three', input: { subject: 'promised' } }
    const owner = { tenant: 'default', principal: 'ann' }
    const run_id = '01890000-0000-7000-8000-000000000001'
    await stage.yard.record.runRequests.claim(owner, { key: 'promised', asked: body, run_id })
    expect(await (await post(ann, body, { 'Idempotency-Key': 'promised' })).json()).toEqual({ run_id })
    expect((await ann(`/v1/runs/${run_id}`)).status).toBe(200)
  })

  it('refuses another body under the same key', async () => {
    const key = { 'Idempotency-Key': 'twice' }
    await post(ann, { goal: 'three', input: { subject: 'one' } }, key)
    const second = await post(ann, { goal: 'three', input: { subject: 'two' } }, key)
    expect(second.status).toBe(409)
    expect(await second.json()).toMatchObject({ type: 'urn:remit:problem:conflict', status: 409 })
  })

  it('names every fault of the input by its place in the body, and records nothing', async () => {
    const before = await runCount()
    const response = await post(ann, { goal: 'three', input: { subjekt: 7 } })
    expect(response.status).toBe(422)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      type: 'urn:remit:problem:invalid_input',
      errors: [
        { pointer: '/input/subject', detail: 'is required' },
        { pointer: '/input/subjekt', detail: expect.stringContaining('did you mean subject') },
      ],
    })
    expect(await runCount()).toBe(before)
  })

  it.each([
    ['an unknown goal', { goal: 'fly' }, 'invalid_input', '/goal'],
    ['neither goal nor text', {}, 'invalid_input', '/goal'],
    ['both', { goal: 'three', text: 'make three' }, 'invalid_input', '/goal'],
    ['a text for who reads none', { text: 'make three', reasoner: 'planner' }, 'no_reasoner', '/text'],
    ['an unknown reasoner', { goal: 'three', reasoner: 'sphinx' }, 'invalid_input', '/reasoner'],
    ['a reasoner that is not configured', { goal: 'three', reasoner: 'oracle' }, 'invalid_input', '/reasoner'],
    [
      'outcomes that no tool has',
      { text: 'make it', outcomes: ['crm.item', 'crm.itm'] },
      'invalid_input',
      '/outcomes/1',
    ],
    ['outcomes beside a goal', { goal: 'three', outcomes: ['crm.item'] }, 'invalid_input', '/outcomes'],
    [
      'a higher limit',
      { goal: 'three', input: { subject: 'a' }, budget: { tool_calls: 101 } },
      'budget_exhausted',
      '/budget/tool_calls',
    ],
    ['an unknown member', { goal: 'three', shout: true }, 'invalid_input', ''],
  ])('refuses %s', async (_, body, kind, pointer) => {
    const response = await post(ann, body)
    expect(await response.json()).toMatchObject({ type: `urn:remit:problem:${kind}`, errors: [{ pointer }] })
    expect(response.status).toBe(422)
  })

  it.each([
    ['the planner for a goal', { goal: 'three', input: { subject: 'a' } }, 'planner'],
    [
      'a model for a goal where it is asked for',
      { goal: 'three', input: { subject: 'a' }, reasoner: 'claude' },
      'claude',
    ],
    ['a model for a text', { text: 'Make an item for acme' }, 'claude'],
    [
      'the planner for a text that names outcomes',
      { text: 'Make it', outcomes: ['crm.item'], reasoner: 'planner' },
      'planner',
    ],
  ])('lets %s decide', async (_, body, reasoner) => {
    const { run_id } = (await (await post(ann, body)).json()) as { run_id: string }
    expect((await stage.service.situation('default', run_id)).created).toMatchObject({ reasoner })
  })

  it('says what a reasoner that is not configured lacks', async () => {
    const answer = await post(ann, { goal: 'three', reasoner: 'oracle' })
    const detail = 'oracle cannot decide here: it needs a tripod'
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/reasoner', detail }] })
  })

  it('lowers limits to what the request says, and to what the key may spend', async () => {
    const poor = await stage.client({ ceiling: { cost_usd: 2, effect: 'create', goals: ['three'] } })
    const answer = await post(poor, { goal: 'three', input: { subject: 'poor' }, budget: { tool_calls: 9 } })
    const { run_id } = (await answer.json()) as { run_id: string }
    const { goal } = (await stage.service.situation('default', run_id)).created
    expect(goal.budget).toMatchObject({ tool_calls: 9, cost_usd: 2, revisions: 5 })
    expect(goal.tools).toContain('crm.make_item')
    expect(goal.tools).not.toContain('crm.remove_item')
    expect((await post(poor, { goal: 'five', input: { subject: 'poor' } })).status).toBe(403)
    expect((await post(poor, { goal: 'three', input: { subject: 'a' }, budget: { cost_usd: 3 } })).status).toBe(422)
  })

  it('reads nothing but JSON of a sensible shape', async () => {
    expect((await raw('{"goal"')).status).toBe(400)
    expect((await raw('goal=three', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await raw('['.repeat(70) + ']'.repeat(70))).status).toBe(400)
    expect((await raw(JSON.stringify({ goal: 'x'.repeat(1_100_000) }))).status).toBe(413)
  })
})

describe('GET /v1/runs', () => {
  it('lists the latest first, page by page, filtered by status, goal, principal and time', async () => {
    const eve = await stage.client({ tenant: 'eve' })
    const ids: string[] = []
    for (const [index, goal] of ['three', 'three', 'slow', 'three'].entries())
      ids.unshift(await startRun(eve, `s${index}`, goal))
    const list = async (query: string) =>
      (await (await eve(`/v1/runs?${query}`)).json()) as { runs: { run_id: string }[]; next?: string }
    const idsOf = ({ runs }: { runs: { run_id: string }[] }) => runs.map(({ run_id }) => run_id)
    const first = await list('limit=3')
    expect(idsOf(first)).toEqual(ids.slice(0, 3))
    const second = await list(`limit=3&cursor=${first.next}`)
    expect(idsOf(second)).toEqual(ids.slice(3))
    expect(second.next).toBeUndefined()
    expect(idsOf(await list('goal=slow'))).toEqual([ids[1]])
    expect(idsOf(await list('status=running'))).toEqual([])
    expect(idsOf(await list('status=queued&principal=ann'))).toEqual(ids)
    expect(idsOf(await list('principal=bob'))).toEqual([])
    const soon = new Date(Date.now() + 60_000).toISOString()
    expect(idsOf(await list(`from=${soon}`))).toEqual([])
    expect(idsOf(await list(`to=${soon}`))).toEqual(ids)
    expect((await eve('/v1/runs?from=yesterday')).status).toBe(422)
  })

  it.each([
    ['0001-01-01T00:00:00Z', 200],
    ['0000-12-31T23:59:59Z', 422],
    ['0001-01-01T00:00:00%2B00:01', 422],
    ['9999-12-31T23:59:59Z', 200],
    ['9999-12-31T23:59:59-00:01', 422],
  ])('answers what is asked for from %s by %i', async (from, status) => {
    expect((await ann(`/v1/runs?from=${from}`)).status).toBe(status)
  })
})

async function runCount(): Promise<number> {
  return (await stage.yard.runs()).length
}

async function raw(body: string, type = 'application/json'): Promise<Response> {
  const { text } = await stage.makeKey()
  const headers = { Authorization: `Bearer ${text}`, 'Content-Type': type }
  return stage.app.request('/v1/runs', { method: 'POST', headers, body })
}
