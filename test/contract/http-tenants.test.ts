import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type HttpStage, openHttpStage, startRun } from '../support/http-stage.ts'
import { stationGoals } from '../support/workers/stations.ts'

let stage: HttpStage
let eve: Client
let run: string
let approval: string
let key: string

/** What stands in acme's data, and nowhere else. */
const secrets = ['acme-subject', 'ann-of-acme', 'tickets.example']

beforeAll(async () => {
  stage = await openHttpStage()
  const ann = await stage.client({ tenant: 'acme', principal: 'ann-of-acme' })
  eve = await stage.client({ tenant: 'eve', principal: 'eve' })
  key = (await stage.makeKey({ tenant: 'acme', principal: 'ann-of-acme' })).key_id
  await using _worker = stage.yard.startWorker()
  run = await startRun(ann, 'acme-subject', 'held')
  await stage.looked.logIn('acme')
  for (;;) {
    const [open] = await stage.service.openApprovals('acme')
    if (open) {
      approval = open.approval_id
      break
    }
    await sleep(50)
  }
  await startRun(eve, 'of eve', 'three')
}, 120_000)
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

describe('a tenant who knows the ids of another', () => {
  it('gets nothing of theirs from any route, and changes nothing', async () => {
    const before = await stage.yard.record.journal.read(run)
    const bodies: Record<string, object> = { answer: { choice: 'undo' }, fork: { at: 1 } }
    const routes = stage.app.routes.filter(({ method, path }) => method !== 'ALL' && path !== '/healthz')
    const walked = new Set<string>()
    for (const { method, path } of routes) {
      if (walked.has(`${method} ${path}`)) continue
      walked.add(`${method} ${path}`)
      const id = path.includes('approvals') ? approval : path.includes('keys') ? key : run
      const place = path.replace(':id', id).replace(':name', 'crm')
      const body = method === 'POST' ? { body: (bodies[path.split('/').at(-1) ?? ''] ?? {}) as never } : {}
      for (const headers of [{}, { Accept: 'text/event-stream', 'Last-Event-ID': '1' }] as Record<string, string>[]) {
        const response = await eve(place, { method, headers, ...body })
        const text = await response.text()
        if (path.includes(':')) expect([place, response.status]).toEqual([place, 404])
        for (const secret of secrets) expect(text).not.toContain(secret)
        if (!path.includes(':')) expect(text).not.toContain(run)
      }
    }
    expect(walked.size).toBeGreaterThan(12)
    expect(await stage.yard.record.journal.read(run)).toEqual(before)
  })

  it('has no other rules tried on their runs', async () => {
    // Whatever was judged would be told.
    const policy = 'rules: [{ name: nothing, when: true, verdict: deny, reason: no }]'
    for (const runs of [{}, { run }, { cursor: 'ffffffff-ffff-7fff-bfff-ffffffffffff', limit: 200 }]) {
      const response = await eve('/v1/policy/test', { method: 'POST', body: { policy, ...runs } })
      const text = await response.text()
      expect(response.status).toBe('run' in runs ? 404 : 200)
      for (const theirs of [...secrets, 'vault', 'verdict']) expect(text).not.toContain(theirs)
    }
  })

  it('does not see their runs by any filter or cursor', async () => {
    for (const query of ['', '?principal=ann-of-acme', '?goal=held', '?cursor=ffffffff-ffff-7fff-bfff-ffffffffffff']) {
      const { runs } = (await (await eve(`/v1/runs${query}`)).json()) as { runs: { goal: string }[] }
      expect(runs.filter(({ goal }) => goal === 'held')).toEqual([])
    }
  })

  it('gets a run of their own under an idempotency key that the other has used', async () => {
    const ann = await stage.client({ tenant: 'acme', principal: 'same' })
    const other = await stage.client({ tenant: 'eve', principal: 'same' })
    const asked = {
      method: 'POST',
      body: { goal: 'three', input: { subject: 'x' } },
      headers: { 'Idempotency-Key': 'k' },
    }
    const ids = await Promise.all(
      [ann, other].map(
        async (client) => ((await (await client('/v1/runs', asked)).json()) as { run_id: string }).run_id,
      ),
    )
    expect(new Set(ids).size).toBe(2)
    expect((await other(`/v1/runs/${ids[0]}`)).status).toBe(404)
  })

  it('is kept out by the database as well, whatever a query forgets', async () => {
    const { queries } = stage.yard.record
    const { rows } = await queries.sql(
      'eve',
      `SELECT run_id FROM runs WHERE run_id = '${run}' UNION ALL SELECT run_id FROM events WHERE run_id = '${run}'`,
    )
    expect(rows).toEqual([])
  })

  it('leaves the runs of sub-goals to the tenant of the run that they are a part of', async () => {
    await using _worker = stage.yard.startWorker()
    const ann = await stage.client({ tenant: 'acme', principal: 'ann-of-acme' })
    const goal = stationGoals.family
    const input = { subject: 'whole', orders: [{ subject: 'part' }, { subject: 'other' }] }
    const run_id = await stage.service.createRun(
      { tenant: 'acme', principal: 'ann-of-acme' },
      { goal, input, reasoner: 'planner' },
    )
    for (;;) {
      const { runs } = (await (await ann('/v1/runs?goal=three')).json()) as {
        runs: { parent_run?: string; run_id: string }[]
      }
      const found = runs.find(({ parent_run }) => parent_run === run_id)
      if (found) {
        expect(await stage.yard.record.ownerOf(found.run_id)).toEqual({ tenant: 'acme', principal: 'ann-of-acme' })
        break
      }
      await sleep(50)
    }
  }, 60_000)
})
