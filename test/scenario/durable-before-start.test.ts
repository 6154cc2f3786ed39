import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dependenciesOf } from '../../orchestrator/enforce/task-graph.ts'
import type { Task } from '../../orchestrator/model/decision.ts'
import type { EventData } from '../../orchestrator/model/event.ts'
import { type BatchStore, postgresStore } from '../../orchestrator/record/batch.ts'
import { openJournal } from '../../orchestrator/record/journal.ts'
import type { RunGateway } from '../../orchestrator/run/parts.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { createPlannedRun, pursuePlanned } from '../support/planned-run.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { catalogue, ok, tool } from '../support/rehearsal.ts'

let database: TestDatabase
/** Sees what is committed, and nothing else: the journal's connections are others. */
let onlooker: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  onlooker = connect(database.url, { max: 4, name: 'onlooker' })
})
afterAll(async () => {
  await onlooker.end({ timeout: 1 })
  await database.drop()
})

const world = catalogue({ shop: [tool('make', { establishes: ['shop.thing'] })] })

/** Up to seven tasks, each after some of those before it: by an order, or because it needs what they return. */
const plans = fc
  .array(fc.array(fc.record({ of: fc.nat(6), byValue: fc.boolean() }), { maxLength: 3 }), {
    minLength: 2,
    maxLength: 7,
  })
  .map((needs) =>
    needs.map((some, index): Task => {
      const earlier = some.filter(({ of }) => of < index)
      const values = earlier
        .filter(({ byValue }) => byValue)
        .map(({ of }) => [`from_${of}`, { $ref: `/tasks/t${of}/output/id` }])
      return {
        id: `t${index}`,
        tool: 'shop.make',
        arguments: Object.fromEntries(values),
        after: [...new Set(earlier.filter(({ byValue }) => !byValue).map(({ of }) => `t${of}`))],
        why: '',
      }
    }),
  )

test('no task starts before its plan, its intent and all that it depends on are committed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plans, { minLength: 1, maxLength: 3 }), async (several) => {
      expect(await startsTooEarly(several, committedLate)).toEqual([])
    }),
    { numRuns: 15 },
  )
})

test('a journal that promises before the commit is found out', async () => {
  const chain = ['t0', 't1', 't2'].map(
    (id, index): Task => ({
      id,
      tool: 'shop.make',
      arguments: {},
      after: index === 0 ? [] : [`t${index - 1}`],
      why: '',
    }),
  )
  expect(await startsTooEarly([chain], promisedEarly)).toContain('a call started before its intent was committed')
})

/** The commit comes a while after the drafts were handed over, so that who does not wait for it is ahead of it. */
function committedLate(store: BatchStore): BatchStore {
  return {
    ...store,
    async insert(writes) {
      await sleep(3)
      await store.insert(writes)
    },
  }
}

/** Only the ends of a run are waited for: it could not be read before its creation, nor the journal closed before its finish. */
function promisedEarly(store: BatchStore): BatchStore {
  let last: Promise<void> = Promise.resolve()
  return {
    ...store,
    async insert(writes) {
      const types = writes.flatMap(({ rows }) => rows.map(({ type }) => type))
      last = last.then(() => sleep(20)).then(() => store.insert(writes))
      if (types.includes('run_created') || types.includes('run_finished')) await last
    },
  }
}

/** Pursues the plans at the same time; says of each call what was not committed when it reached the gateway. */
async function startsTooEarly(several: Task[][], storeOf: (store: BatchStore) => BatchStore): Promise<string[]> {
  const faults: string[] = []
  const journal = openJournal({
    url: database.journalUrl,
    now: () => new Date(),
    store: (sql) => storeOf(postgresStore(sql)),
  })
  try {
    await Promise.all(
      several.map(async (tasks) => {
        const gateway: RunGateway = {
          async call({ run_id, call_id }) {
            const started_at = new Date().toISOString()
            faults.push(...(await notCommitted(run_id, call_id, tasks)))
            return { outcome: ok({ id: call_id }), started_at, settled_at: new Date().toISOString(), egress: [] }
          },
        }
        const planned = { journal, gateway, catalogue: world, outcomes: ['shop.thing'], tasks }
        await pursuePlanned(await createPlannedRun(planned), planned)
      }),
    )
  } finally {
    await journal.close()
  }
  return faults
}

async function notCommitted(run_id: string, call_id: string, tasks: readonly Task[]): Promise<string[]> {
  const rows = await onlooker<{ type: string; data: unknown }[]>`
    SELECT type, data FROM remit.events WHERE run_id = ${run_id} ORDER BY seq`
  const intended = rows
    .filter(({ type }) => type === 'call_intended')
    .map(({ data }) => data as EventData['call_intended'])
  const settled = rows
    .filter(({ type }) => type === 'call_settled')
    .map(({ data }) => data as EventData['call_settled'])
  const intent = intended.find((call) => call.call_id === call_id)
  if (!intent) return ['a call started before its intent was committed']
  const taskOf = new Map(intended.map((call) => [call.call_id, call.task_id]))
  const done = new Set(settled.map((call) => taskOf.get(call.call_id)))
  const task = tasks.find(({ id }) => id === intent.task_id)
  return [
    ...(rows.some(({ type }) => type === 'plan_accepted') ? [] : [`${task?.id} started before its plan was committed`]),
    ...(task ? dependenciesOf(task) : [])
      .filter((id) => !done.has(id))
      .map((id) => `${task?.id} started before the success of ${id} was committed`),
  ]
}
