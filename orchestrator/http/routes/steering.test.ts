import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/json.ts'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'
import type { Ceiling } from '../../model/caller.ts'
import { draft } from '../../model/event.ts'

let stage: HttpStage
let ann: Client
/** A run of ann's that asks what to do about its outcomes. */
let run: string

beforeAll(async () => {
  stage = await openHttpStage()
  ann = await stage.client()
})
beforeEach(async () => {
  run = await startRun(ann)
  const { journal } = stage.yard.record
  await journal.adopt(run)
  const choices = ['change', 'extend', 'retry', 'undo'].map((choice) => ({ choice, title: choice }))
  const wait = { wait_id: 'asked', for: 'answer' as const, question: 'What now?', choices, facts: ['crm.item'] }
  await journal.append(run, [draft('wait_started', wait)])
  journal.release(run)
})
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

const under = (ceiling: Ceiling) => stage.client({ principal: 'narrow', ceiling })

async function post(client: Client, action: string, body: Json) {
  const response = await client(`/v1/runs/${run}/${action}`, { method: 'POST', body })
  return { status: response.status, body: (await response.json()) as { detail?: string; run_id?: string } }
}

const lastEvent = async () => (await stage.yard.record.journal.read(run)).at(-1)

describe('an answer', () => {
  it('is recorded with who gave it', async () => {
    expect(await post(ann, 'answer', { choice: 'retry', why: 'it is mended' })).toMatchObject({ status: 202 })
    expect(await lastEvent()).toMatchObject({ type: 'wait_ended', data: { by: 'ann', why: 'it is mended' } })
  })

  it.each<[Json, Ceiling, string]>([
    [{ choice: 'retry' }, { effect: 'read' }, 'the run may create'],
    [{ choice: 'change', change: { subject: 'mine' } }, { effect: 'read' }, 'the run may create'],
    [{ choice: 'extend' }, { cost_usd: 10 }, 'could spend 20 USD'],
    [{ choice: 'undo' }, { goals: ['five'] }, 'it is for five'],
  ])('%j is refused to whose own runs are within %j', async (body, ceiling, why) => {
    const refused = await post(await under(ceiling), 'answer', body)
    expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining(why) } })
    expect(await lastEvent()).toMatchObject({ type: 'wait_started' })
  })

  it.each<[Json, Ceiling]>([
    [{ choice: 'undo' }, { effect: 'read', cost_usd: 0 }],
    [{ choice: 'retry' }, { effect: 'create', cost_usd: 0, goals: ['three'] }],
    [{ choice: 'extend' }, { cost_usd: 20 }],
  ])('%j is taken from whose own runs are within %j', async (body, ceiling) => {
    expect(await post(await under(ceiling), 'answer', body)).toMatchObject({ status: 202 })
  })
})

describe('a cancel and a fork', () => {
  it('are refused to whose key is for other goals', async () => {
    const other = await under({ goals: ['five'] })
    expect(await post(other, 'cancel', {})).toMatchObject({ status: 403 })
    expect(await post(other, 'fork', { at: 1 })).toMatchObject({ status: 403 })
    expect(await lastEvent()).toMatchObject({ type: 'wait_started' })
  })

  it('lead to a run within the limits of who forks', async () => {
    const { body } = await post(await under({ effect: 'read', cost_usd: 1 }), 'fork', { at: 1 })
    const { goal, principal } = (await stage.service.situation('default', String(body.run_id))).created
    expect(principal).toBe('narrow')
    expect(goal.budget.cost_usd).toBe(1)
    expect(goal.tools).toContain('crm.find_item')
    expect(goal.tools).not.toContain('crm.make_item')
  })
})
