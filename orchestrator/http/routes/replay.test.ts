import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'

let stage: HttpStage
let ann: Client
let run: string

beforeAll(async () => {
  stage = await openHttpStage()
  ann = await stage.client()
  await using _worker = stage.yard.startWorker()
  run = await startRun(ann)
  await stage.yard.untilEnded()
}, 120_000)
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

async function replay(id: string, client = ann): Promise<{ status: number; body: unknown }> {
  const response = await client(`/v1/runs/${id}/replay`)
  return { status: response.status, body: await response.json() }
}

test('a run that ended is derived again, to the same decisions and the same state', async () => {
  const { seq } = await stage.service.situation('default', run)
  const { status, body } = await replay(run)
  expect(status).toBe(200)
  expect(body).toMatchObject({ run_id: run, status: 'succeeded', events: seq, decided: 2, differences: [] })
})

test('a run that has only begun is derived as far as it has come', async () => {
  const begun = await startRun(ann, 'begun')
  expect(await replay(begun)).toEqual({
    status: 200,
    body: { run_id: begun, status: 'queued', events: 1, derived: 0, decided: 0, differences: [] },
  })
})

test('what was altered in the record, or changed since, is told by its place', async () => {
  const { sql } = stage.yard
  await sql`
    UPDATE remit.events SET data = jsonb_set(data, '{verdict,rule}', '"another"')
    WHERE run_id = ${run} AND type = 'call_intended' AND data ->> 'server' = 'crm'`
  const { body } = await replay(run)
  expect(body).toMatchObject({
    differences: [
      { type: 'call_intended', fields: { '/verdict/rule': { recorded: 'another', now: expect.any(String) } } },
    ],
  })
})

test('a run of another tenant is not there', async () => {
  expect(await replay(run, await stage.client({ tenant: 'eve' }))).toMatchObject({ status: 404 })
})
