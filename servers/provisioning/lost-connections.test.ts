import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ToolOutcome } from '../../shared/capability/testing.ts'
import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import { type Ending, type Fate, onceCommitted, onceSent, type Watch } from '../../test/support/rough-proxy.ts'
import { startServerProcess } from '../../test/support/server-process.ts'
import { describeOnCluster, enter, outputOf, type TestCluster } from './fixtures/test-cluster.ts'
import { workspaceNames } from './identifiers.ts'
import { stepNames } from './steps.ts'

const endings: Ending[] = ['reset', 'finish', 'terminate']
const unavailable = { status: 'failed', failure: { kind: 'unavailable' } }
const uncertain = { status: 'uncertain', failure: { kind: 'unavailable' } }
/** The same, at the step that makes the tables. */
const atTables = <Outcome extends typeof unavailable>({ status, failure }: Outcome) => ({
  status,
  failure: { ...failure, done: { steps: stepNames.slice(0, stepNames.indexOf('schema')) } },
})

describeOnCluster('a workspace under whose building a connection ends', (cluster) => {
  /** Builds by way of a proxy that ends a connection, then once more with the same key; returns how the first came out. */
  async function lose(watch: Watch): Promise<ToolOutcome> {
    await using proxy = await cluster.openProxy(watch)
    const provisioning = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `lost-${cluster.request.slug}` })
    const lost = await create()
    await expectWhole(cluster, outputOf(await create()).workspace_id)
    return lost
  }

  test.each<[string, string, Ending, object]>([
    ['the row of the workspace is', 'insert into provisioning.workspaces', 'reset', unavailable],
    ['the lock of the workspace is', 'hashtextextended($1', 'finish', unavailable],
    ['its tables are', 'insert into members', 'terminate', atTables(unavailable)],
  ])('before %s there: that was not done, and is when repeated', async (_, statement, ending, outcome) => {
    expect(await lose(onceSent(statement, { ending, arrives: true }))).toMatchObject(outcome)
  })

  describe.each<Fate>([
    { ending: 'reset', arrives: true },
    { ending: 'terminate', arrives: false },
  ])('%o', (fate) => {
    test.each([
      ['of the ledger’s tables: nothing was done', 1, unavailable],
      ['of its row: nobody knows', 2, uncertain],
      ['of its tables: nobody knows', 4, atTables(uncertain)],
      ['that gives the lock back: that changes nothing', 5, { status: 'succeeded', output: { status: 'ready' } }],
    ])('during the commit %s', async (_, nth, outcome) => {
      expect(await lose(onceCommitted(nth, fate))).toMatchObject(outcome)
    })
  })

  test('that held its lock: it goes no further, says where it stopped, and goes on there when repeated', async () => {
    const provisioning = await cluster.start()
    const key = { idempotencyKey: `unlocked-${cluster.suffix}` }
    outputOf(
      await provisioning.call('create_workspace', cluster.another(), { idempotencyKey: `first-${cluster.suffix}` }),
    )
    const stopped = await cluster.ledger.begin(async (transaction) => {
      await transaction`lock table provisioning.steps in exclusive mode`
      const creating = provisioning.call('create_workspace', cluster.request, key)
      await waiting(cluster)
      const holders = () => cluster.owner<{ pid: number }[]>`
        select pid from pg_stat_activity where state = 'idle in transaction' and ${ofServer(cluster)}`
      for (const { pid } of await holders()) await cluster.owner`select pg_terminate_backend(${pid})`
      await expect.poll(holders).toEqual([])
      return { creating }
    })
    expect(await stopped.creating).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', message: expect.stringContaining('Stopped before'), done: { steps: ['role'] } },
    })
    const { workspace_id } = outputOf(await provisioning.call('create_workspace', cluster.request, key))
    await expectWhole(cluster, workspace_id)
  })

  /** A whole workspace but for its members, and a way to end the repair where it waits for what the superuser locked. */
  async function repairOf(lock: (superuser: Sql) => Promise<unknown>) {
    const provisioning = await cluster.start()
    const { workspace_id = '', database } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const { admin_name, admin_email } = cluster.request
    const repair = () => provisioning.call('repair_workspace', { workspace_id, admin_name, admin_email })
    const url = withUrl(String(process.env.REMIT_TEST_DATABASE_URL), { database: String(database) })
    const lost = await withClient(url, 'test', async (superuser) => {
      await superuser`delete from members`
      await superuser.unsafe('begin')
      await lock(superuser)
      const repairing = repair()
      const { pid, query } = await waiting(cluster)
      await superuser`select pg_terminate_backend(${pid})`
      await superuser.unsafe('commit')
      return { query, outcome: await repairing }
    })
    return { ...lost, workspace_id, repair }
  }

  test('of the tenant, by an administrator before its tables are there: that was not done', async () => {
    const { query, outcome, workspace_id, repair } = await repairOf(
      (superuser) => superuser`lock table members in access exclusive mode`,
    )
    expect(query).toContain('members')
    expect(outcome).toMatchObject(atTables(unavailable))
    outputOf(await repair())
    await expectWhole(cluster, workspace_id)
  })

  test('of the tenant, by an administrator during the commit: nobody knows', async () => {
    const { query, outcome, workspace_id, repair } = await repairOf(async (superuser) => {
      await superuser.unsafe(`
        create function wait() returns trigger language plpgsql as
          'begin perform pg_advisory_xact_lock(31); return null; end';
        create constraint trigger waits after insert on members
          deferrable initially deferred for each row execute function wait();
        commit; begin`)
      await superuser`select pg_advisory_xact_lock(31)`
    })
    expect(query).toBe('COMMIT')
    expect(outcome).toMatchObject(atTables(uncertain))
    outputOf(await repair())
    await expectWhole(cluster, workspace_id)
  })

  test('in a process whose connections end under load: that lives, settles every call, and does nothing twice', async () => {
    await using proxy = await cluster.openProxy()
    const databaseUrl = proxy.through(cluster.databaseUrl)
    await using process = await startServerProcess('provisioning', { DATABASE_URL: databaseUrl })
    const odd: ToolOutcome[] = []
    let making = 3
    const make = async (request: TestCluster['request']): Promise<unknown> => {
      for (;;) {
        const outcome = await process.call('create_workspace', request, { idempotencyKey: `load-${request.slug}` })
        if (outcome.status !== 'succeeded' && outcome.failure.kind === 'unavailable') continue
        making -= 1
        if (outcome.status === 'succeeded') return outcome.output.workspace_id
        odd.push(outcome)
      }
    }
    const made = Promise.all([cluster.request, cluster.another(), cluster.another()].map(make))
    for (let ended = 0; making > 0; ended += 1) {
      // A while later each time, so that something gets done between two.
      await sleep(20 + ended * 10)
      proxy.end(endings[ended % endings.length] ?? 'reset')
    }
    for (const id of await made) expect((await cluster.stepsOf(id)).map(({ status }) => status)).toEqual(finished)
    expect(odd).toEqual([])
    expect(process.lives()).toBe(true)
    const rows = await cluster.ledger`select from provisioning.workspaces where idempotency_key like 'load-%'`
    expect(rows).toHaveLength(3)
  })
})

const finished = stepNames.map(() => 'finished')

/** Of this test's workspace: one row, every step done, one owner, and a password that opens it. */
async function expectWhole(cluster: TestCluster, workspaceId: unknown): Promise<void> {
  expect((await cluster.stepsOf(workspaceId)).map(({ status }) => status)).toEqual(finished)
  expect(await cluster.exists()).toEqual({ database: true, role: true })
  expect(await enter(await cluster.secretUrl())).toEqual([{ email: 'ada@acme.example', role: 'owner' }])
  const { slug } = cluster.request
  const rows = await cluster.ledger`select database from provisioning.workspaces where slug = ${slug}`
  expect([...rows]).toEqual([{ database: workspaceNames(slug).database }])
}

/** What of this cluster's servers waits for a lock, as soon as it does. */
async function waiting(cluster: TestCluster): Promise<{ pid: number; query: string }> {
  const find = () => cluster.owner<{ pid: number; query: string }[]>`
    select pid, query from pg_stat_activity where wait_event_type = 'Lock' and ${ofServer(cluster)}`
  await expect.poll(find, { timeout: 10_000 }).toHaveLength(1)
  const [found] = await find()
  return found ?? { pid: 0, query: '' }
}

/** In the provisioner's database or a tenant's, all of which have the suffix in their names: others share the Postgres. */
function ofServer({ owner, suffix }: TestCluster) {
  return owner`application_name = 'remit provisioning' and position(${suffix} in datname) > 0`
}
