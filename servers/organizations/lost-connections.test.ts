import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { contractDatabase } from '../../test/support/contract-database.ts'
import {
  type Ending,
  type Fate,
  onceCommitted,
  onceSent,
  openRoughProxy,
  type Watch,
} from '../../test/support/rough-proxy.ts'
import { startServerProcess } from '../../test/support/server-process.ts'
import { server } from './server.ts'
import { exampleSignup, signupDigest } from './signup.ts'

const endings: Ending[] = ['reset', 'finish', 'terminate']

let database: Awaited<ReturnType<typeof contractDatabase>>
let sql: Sql
let steady: TestServer
beforeAll(async () => {
  database = await contractDatabase('organizations')
  sql = connect(database.url, { max: 2, name: 'test' })
  steady = await startServerForTest(server, { environment: { DATABASE_URL: database.url } })
  outputOf(await create(steady, 'warm-up'))
})
afterAll(async () => {
  await steady.close()
  await sql.end({ timeout: 1 })
  await database.close()
})
beforeEach(async () => {
  await sql`truncate organizations.organizations cascade`
})

type Callable = Pick<TestServer, 'call'>

function create(on: Callable, idempotencyKey: string): Promise<ToolOutcome> {
  const signup = { ...exampleSignup, validated_signup: signupDigest(exampleSignup) }
  return on.call('create_organization', signup, { idempotencyKey })
}

/** Each call that has an effect; `count` says how often it has had it. */
const calls = {
  create: {
    statement: 'insert into organizations.organizations',
    prepare: async () => (on: Callable) => create(on, 'lost'),
    count: () => sql`select from organizations.organizations`,
  },
  update: {
    statement: 'insert into organizations.changes',
    async prepare() {
      const { organization_id = '' } = outputOf(await create(steady, 'made'))
      return (on: Callable) =>
        on.call('update_organization', { organization_id, seats: 30 }, { idempotencyKey: 'lost' })
    },
    count: () => sql`select from organizations.changes`,
  },
  delete: {
    statement: "set status = 'deleted'",
    async prepare() {
      const { organization_id = '' } = outputOf(await create(steady, 'made'))
      return (on: Callable) => on.call('delete_organization', { organization_id }, { idempotencyKey: 'lost' })
    },
    count: () => sql`select from organizations.organizations where status = 'deleted'`,
  },
}
type Call = (typeof calls)[keyof typeof calls]

/** Calls by way of a proxy that ends the connection; then once more, as Remit does, and by another server. */
async function lose({ prepare, count }: Call, watch: Watch) {
  const call = await prepare()
  await using proxy = await openRoughProxy(database.url, watch)
  const rough = await startServerForTest(server, { environment: { DATABASE_URL: proxy.url } })
  const lost = await call(rough)
  const again = await call(rough)
  const counted = await count()
  const other = await call(steady)
  expect(await count()).toHaveLength(counted.length)
  await rough.close()
  return { lost, again: outputOf(again), count: counted.length, other: outputOf(other) }
}

describe.each(Object.entries(calls))('%s, whose connection ends', (name, call) => {
  test.each(endings)('before the commit: it was not done, and is done once when repeated: %s', async (ending) => {
    const { lost, again, count, other } = await lose(call, onceSent(call.statement, { ending, arrives: true }))
    expect(lost).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(count).toBe(1)
    expect(other).toEqual(name === 'delete' ? { ...again, deleted: false } : again)
  })

  // The first COMMIT is that of the tables.
  test.each<Fate>([
    { ending: 'reset', arrives: true },
    { ending: 'finish', arrives: false },
    { ending: 'terminate', arrives: true },
  ])('during the commit: nobody knows, and it is done once when repeated: %o', async (fate) => {
    const { lost, again, count, other } = await lose(call, onceCommitted(2, fate))
    expect(lost).toMatchObject({ status: 'uncertain', failure: { kind: 'unavailable' } })
    expect(count).toBe(1)
    expect(again.deleted).toBe(name === 'delete' ? !fate.arrives : undefined)
    expect(other).toEqual(name === 'delete' ? { ...again, deleted: false } : again)
  })
})

describe('a server whose backends are ended by an administrator', () => {
  /** Ends what waits for this test's lock, as soon as it does; by then it runs this statement. */
  async function terminateWaiting(): Promise<string> {
    const find = () => sql<{ pid: number; query: string }[]>`
      select pid, query from pg_stat_activity
      where usename = current_user and application_name = 'remit organizations' and wait_event_type = 'Lock'`
    await expect.poll(find, { timeout: 10_000 }).toHaveLength(1)
    const [waiting] = await find()
    await sql`select pg_terminate_backend(${waiting?.pid ?? 0})`
    return waiting?.query ?? ''
  }

  test('before the commit: it was not done, and the next call works', async () => {
    const lost = await sql.begin(async (transaction) => {
      await transaction`lock table organizations.organizations in exclusive mode`
      const creating = create(steady, 'ended')
      expect(await terminateWaiting()).toContain('insert into')
      return creating
    })
    expect(lost).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(await sql`select from organizations.organizations`).toHaveLength(0)
    outputOf(await create(steady, 'ended'))
  })

  test('during the commit: nobody knows, and the next call works', async () => {
    await sql.unsafe(`
      create or replace function organizations.wait() returns trigger language plpgsql as
        'begin perform pg_advisory_xact_lock(31); return null; end';
      create constraint trigger waits after insert on organizations.organizations
        deferrable initially deferred for each row execute function organizations.wait()`)
    const lost = await sql.begin(async (transaction) => {
      await transaction`select pg_advisory_xact_lock(31)`
      const creating = create(steady, 'ended')
      expect(await terminateWaiting()).toBe('COMMIT')
      return creating
    })
    expect(lost).toMatchObject({ status: 'uncertain', failure: { kind: 'unavailable' } })
    expect(outputOf(await create(steady, 'ended'))).toEqual(outputOf(await create(steady, 'ended')))
    expect(await sql`select from organizations.organizations`).toHaveLength(1)
    await sql.unsafe('drop trigger waits on organizations.organizations')
  })
})

test('a server process whose connections end under load lives, settles every call, and does nothing twice', async () => {
  await using proxy = await openRoughProxy(database.url)
  await using process = await startServerProcess('organizations', { DATABASE_URL: proxy.url })
  const keys = Array.from({ length: 36 }, (_, index) => `load-${index}`)
  const odd: ToolOutcome[] = []
  let made = 0
  const make = async (key: string): Promise<void> => {
    for (;;) {
      const outcome = await create(process, key)
      if (outcome.status === 'succeeded') break
      if (outcome.failure.kind !== 'unavailable') odd.push(outcome)
    }
    made += 1
  }
  const making = Promise.all(
    Array.from({ length: 6 }, (_, lane) => keys.filter((_, at) => at % 6 === lane)).map(makeAll),
  )
  async function makeAll(lane: string[]): Promise<void> {
    for (const key of lane) await make(key)
  }
  for (let ended = 0; made < keys.length; ended += 1) {
    // A while later each time, so that something gets done between two.
    await sleep(10 + ended * 2)
    proxy.end(endings[ended % endings.length] ?? 'reset')
  }
  await making
  expect(odd).toEqual([])
  expect(process.lives()).toBe(true)
  expect(await sql`select from organizations.organizations`).toHaveLength(keys.length)
})

function outputOf(outcome: ToolOutcome): JsonObject {
  if (outcome.status !== 'succeeded') throw new Error(`expected a success, got ${JSON.stringify(outcome)}`)
  return outcome.output
}
