import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'
import { verifyExport } from '../../record/verify-export.ts'

let stage: HttpStage
let ann: Client
let run: string

beforeAll(async () => {
  stage = await openHttpStage({
    wrap: (service) => ({
      ...service,
      async *exportRun(runId) {
        yield* service.exportRun(runId)
        // As a run that has no end would.
        if (runId === endless) for (;;) yield 'x'.repeat(1_000_000)
      },
    }),
  })
  ann = await stage.client()
  run = await startRun(ann)
})
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

let endless: string | undefined

test('a run is verified, and what was altered is found', async () => {
  await stage.yard.record.signHeads()
  const verify = async () => (await ann(`/v1/runs/${run}/verification`)).json()
  expect(await verify()).toEqual({ run_id: run, ok: true, events: 1, signed_heads: 1, problems: [] })
  const altered = await startRun(ann, 'altered')
  const { sql } = stage.yard
  await sql`UPDATE remit.events SET data = jsonb_set(data, '{input,subject}', '"another"') WHERE run_id = ${altered}`
  expect(await (await ann(`/v1/runs/${altered}/verification`)).json()).toMatchObject({
    ok: false,
    problems: [{ seq: 1, what: expect.any(String) }],
  })
})

test('an export is a document that proves itself, away from the record', async () => {
  const response = await ann(`/v1/runs/${run}/export`)
  expect(response.headers.get('Content-Type')).toBe('application/x-ndjson')
  expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="${run}.jsonl"`)
  const text = await response.text()
  const check = (document: string) => verifyExport(Readable.from(document.trimEnd().split('\n')))
  expect(await check(text)).toMatchObject({ run_id: run, events: 1, problems: [] })
  expect((await check(text.replace('"acme"', '"evil"'))).problems).not.toEqual([])
})

test('an export that is too large is refused whole, and says what to do', async () => {
  endless = await startRun(ann, 'endless')
  const response = await ann(`/v1/runs/${endless}/export`)
  expect([response.status, await response.json()]).toMatchObject([
    413,
    { detail: expect.stringContaining('remit export writes it to a file') },
  ])
})

test('goals are listed with what they take, and a key sees those that it is for', async () => {
  const { goals, reasoners } = (await (await ann('/v1/goals')).json()) as {
    goals: { goal: string }[]
    reasoners: object[]
  }
  expect(goals.find(({ goal }) => goal === 'three')).toMatchObject({
    input: { required: ['subject'] },
    outcomes: ['crm.item', 'store.item', 'club.item'],
    budget: { tool_calls: 100 },
  })
  expect(reasoners).toEqual([{ name: 'planner', reads_texts: false }])
  const narrow = await stage.client({ ceiling: { goals: ['five'] } })
  expect(await (await narrow('/v1/goals')).json()).toMatchObject({ goals: [{ goal: 'five' }] })
})
