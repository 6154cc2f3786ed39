import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { begun, newRunId } from '../../test/support/record-fixtures.ts'
import { openJournal } from './journal.ts'
import { openTriggerDeliveries } from './trigger-deliveries.ts'

let database: TestDatabase
let sql: Sql
let time = Date.parse('2026-05-01T08:00:00Z')
const now = () => new Date(time)

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

it('promises a delivery one run, whoever asks', async () => {
  const deliveries = openTriggerDeliveries({ sql, now })
  const claims = await Promise.all(
    Array.from({ length: 6 }, () => deliveries.claim({ trigger: 'a', delivery_id: 'd', run_id: newRunId() })),
  )
  expect(claims.filter(({ isFirst }) => isFirst)).toHaveLength(1)
  expect(new Set(claims.map(({ run_id }) => run_id)).size).toBe(1)
  const other = await deliveries.claim({ trigger: 'b', delivery_id: 'd', run_id: newRunId() })
  expect(other.isFirst).toBe(true)
})

it('knows of a schedule since when it is there, what was last taken care of, and whose run is missing', async () => {
  const deliveries = openTriggerDeliveries({ sql, now })
  expect(await deliveries.firings('s')).toEqual({ last: now(), unrecorded: [] })
  time += 3_600_000
  expect((await deliveries.firings('s')).last).toEqual(new Date('2026-05-01T08:00:00Z'))
  const [due, run_id] = [now(), newRunId()]
  await deliveries.claim({ trigger: 's', delivery_id: due.toISOString(), run_id, due_at: due })
  expect(await deliveries.firings('s')).toEqual({ last: due, unrecorded: [due] })
  const journal = openJournal({ url: database.journalUrl, now })
  const run = { run_id, tenant: 'acme', principal: 'trigger:s', goal: 'onboard', mode: 'emulated' as const }
  await journal.create(run, [begun('emulated')])
  await journal.close()
  expect(await deliveries.firings('s')).toEqual({ last: due, unrecorded: [] })
})

it('forgets what no sender repeats any more, and never the last instant of a schedule', async () => {
  const deliveries = openTriggerDeliveries({ sql, now })
  const { last } = await deliveries.firings('s')
  time += 50 * 24 * 3_600_000
  await deliveries.claim({ trigger: 'a', delivery_id: 'new', run_id: newRunId() })
  await deliveries.forgetOld()
  const left = await sql`SELECT trigger, delivery_id FROM remit.trigger_deliveries ORDER BY trigger`
  expect(left.map((row) => row.delivery_id)).toEqual(['new', last.toISOString()])
  expect((await deliveries.firings('s')).last).toEqual(last)
})
