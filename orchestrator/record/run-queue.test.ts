import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import type { Mode } from '../model/event.ts'
import type { RunChange } from './batch.ts'
import type { Lease } from './held-leases.ts'
import { type Journal, openJournal } from './journal.ts'
import { LeaseLostError, RecordUnavailableError } from './record-errors.ts'
import { openRunQueue, type RunQueue, type RunQueueOptions } from './run-queue.ts'

let database: TestDatabase
let sql: Sql
let journal: Journal
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
  journal = openJournal({ url: database.journalUrl, now: () => new Date() })
})
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
  await sql`UPDATE remit.runs SET status = 'succeeded', lease_owner = NULL, lease_until = NULL`
})
afterAll(async () => {
  await journal.close()
  await sql.end()
  await database.drop()
})

let holders = 0
function queueOf(options: Partial<RunQueueOptions> = {}): RunQueue {
  holders += 1
  const queue = openRunQueue({
    url: database.journalUrl,
    sql,
    holder: `holder ${holders}`,
    patienceMs: 5_000,
    ...options,
  })
  open.push(queue)
  return queue
}

async function newRun(change: RunChange = {}, mode: Mode = 'emulated'): Promise<string> {
  const run_id = newRunId()
  await journal.create({ run_id, tenant: 'acme', principal: 'ann', goal: 'onboard', mode }, [noted('one')], change)
  return run_id
}

const inFuture = (milliseconds: number) => new Date(Date.now() + milliseconds)
const ids = (leases: readonly Lease[]) => leases.map(({ run_id }) => run_id)

async function held(taken: Promise<Lease | { heldBy: string }>): Promise<Lease> {
  const lease = await taken
  if ('heldBy' in lease) throw new Error(`held by ${lease.heldBy}`)
  return lease
}

const lossOf = (lease: Lease) =>
  new Promise<unknown>((resolve) => {
    if (lease.lost.aborted) resolve(lease.lost.reason)
    lease.lost.addEventListener('abort', () => resolve(lease.lost.reason), { once: true })
  })

describe('taking a run', () => {
  it('gives it to one holder, whatever its status, and names that one to others and to itself', async () => {
    const [one, two] = [queueOf(), queueOf()]
    const run_id = await newRun({ status: 'succeeded' })
    const lease = await held(one.take(run_id))
    const holder = { heldBy: expect.stringContaining('holder') }
    expect(await two.take(run_id)).toEqual(holder)
    expect(await one.take(run_id)).toEqual(holder)
    await lease.release()
    await (await held(two.take(run_id))).release()
    expect(lease.lost.aborted).toBe(false)
  })

  it('gives it once to two parts of one process that ask at once', async () => {
    const queue = queueOf()
    const run_id = await newRun()
    const results = await Promise.all([queue.take(run_id), queue.take(run_id), queue.claim(10, 'emulated')])
    const leases = results.flat().filter((result) => !('heldBy' in result))
    expect(leases).toHaveLength(1)
  })

  it('refuses a run that is not in the record', async () => {
    await expect(queueOf().take(newRunId())).rejects.toThrow('no run')
  })

  it('changes neither the status nor the instant that the run wakes at', async () => {
    const wake_at = inFuture(60_000)
    const run_id = await newRun({ status: 'waiting', wake_at: wake_at.toISOString() })
    await (await held(queueOf().take(run_id))).release()
    const [row] = await sql`SELECT status, wake_at, lease_owner, lease_until FROM remit.runs WHERE run_id = ${run_id}`
    expect(row).toEqual({ status: 'waiting', wake_at, lease_owner: null, lease_until: null })
  })
})

describe('a claim', () => {
  it('leases what is due, those waiting longest first, and leaves what waits or has ended', async () => {
    const early = await newRun({ status: 'waiting', wake_at: '2026-01-01T00:00:00Z' })
    const queued = await newRun()
    await sleep(2)
    const running = await newRun({ status: 'running' })
    await sleep(2)
    const undone = await newRun({ status: 'compensating', wake_at: new Date().toISOString() })
    await newRun({ status: 'waiting' })
    await newRun({ status: 'waiting', wake_at: inFuture(60_000).toISOString() })
    await newRun({ status: 'running', wake_at: inFuture(60_000).toISOString() })
    await newRun({ status: 'failed' })
    const queue = queueOf()
    expect(ids(await queue.claim(1, 'emulated'))).toEqual([early])
    expect(ids(await queue.claim(10, 'emulated'))).toEqual([queued, running, undone])
    expect(await queue.claim(10, 'emulated')).toEqual([])
  })

  it('shares the runs between workers that claim at once, each run to one of them', async () => {
    const runs = await Promise.all(Array.from({ length: 60 }, () => newRun()))
    const workers = [queueOf(), queueOf(), queueOf(), queueOf()]
    const claimed: string[] = []
    while (claimed.length < runs.length) {
      const shares = await Promise.all(workers.map((worker) => worker.claim(5, 'emulated')))
      claimed.push(...shares.flatMap(ids))
    }
    expect(claimed.toSorted()).toEqual(runs.toSorted())
  })

  it('does not wait for a row that another transaction has locked', async () => {
    const [locked, free] = [await newRun(), await newRun()]
    await withClient(database.url, 'test', (other) =>
      other.begin(async (transaction) => {
        await transaction`SELECT FROM remit.runs WHERE run_id = ${locked} FOR UPDATE`
        expect(ids(await queueOf().claim(10, 'emulated'))).toEqual([free])
      }),
    )
  })

  it('is served by its index among many ended runs', async () => {
    await sql`
      INSERT INTO remit.runs (run_id, tenant, principal, goal, mode, status, created_at, updated_at)
      SELECT gen_random_uuid(), 'acme', 'ann', 'onboard', 'emulated',
        CASE WHEN n % 50 = 0 THEN 'waiting' WHEN n % 100 = 1 THEN 'running' ELSE 'succeeded' END, now(), now()
      FROM generate_series(1, 20000) AS n`
    await withClient(database.url, 'test', (owner) => owner`ANALYZE remit.runs`)
    const [row] = await withClient(
      database.url,
      'test',
      (owner) => owner`
        EXPLAIN (FORMAT JSON) SELECT run_id FROM remit.runs
        WHERE status IN ('queued', 'running', 'waiting', 'compensating') AND due_at <= now()
        ORDER BY due_at, run_id LIMIT 10 FOR NO KEY UPDATE SKIP LOCKED`,
    )
    expect(JSON.stringify(row)).toContain('runs_due')
    await sql`UPDATE remit.runs SET status = 'cancelled' WHERE status IN ('waiting', 'running')`
  })
})

describe('a lease', () => {
  it('is renewed while its holder lives, and taken over when it has died', async () => {
    const times = { leaseMs: 2_000, renewMs: 100 }
    const alive = queueOf(times)
    const [kept, orphan] = [await newRun(), await newRun()]
    await sql`UPDATE remit.runs SET lease_owner = 'a dead process', lease_until = now() + interval '600 ms'
      WHERE run_id = ${orphan}`
    const lease = await held(alive.take(kept))
    const other = queueOf(times)
    await vi.waitFor(async () => expect(ids(await other.claim(10, 'emulated'))).toEqual([orphan]), { timeout: 20_000 })
    await sleep(times.leaseMs + 500)
    expect(await other.claim(10, 'emulated')).toEqual([])
    expect(lease.lost.aborted).toBe(false)
  })

  it('is lost when another holder is found, and renewing others goes on', async () => {
    const queue = queueOf({ leaseMs: 60_000, renewMs: 20 })
    const [stolen, kept] = [await held(queue.take(await newRun())), await held(queue.take(await newRun()))]
    await sql`UPDATE remit.runs SET lease_owner = 'a thief' WHERE run_id = ${stolen.run_id}`
    expect(await lossOf(stolen)).toBeInstanceOf(LeaseLostError)
    await stolen.release()
    const [row] = await sql`SELECT lease_owner FROM remit.runs WHERE run_id = ${stolen.run_id}`
    expect(row).toEqual({ lease_owner: 'a thief' })
    expect(kept.lost.aborted).toBe(false)
  })

  it('is lost when it could not be renewed for as long as it lasts, and is not taken anew before it is given back', async () => {
    const run_id = await newRun()
    // Renewed too seldom, as if no renewal came through.
    const queue = queueOf({ leaseMs: 100, renewMs: 1_000 })
    const lease = await held(queue.take(run_id))
    expect(await lossOf(lease)).toBeInstanceOf(LeaseLostError)
    expect(await queue.claim(10, 'emulated')).toEqual([])
    expect(await queue.take(run_id)).toHaveProperty('heldBy')
    expect(ids(await queueOf().claim(10, 'emulated'))).toEqual([run_id])
    await lease.release()
    expect(await queue.take(run_id)).toHaveProperty('heldBy')
  })

  it('of a row that an append has locked is left for the next renewal, not waited for', async () => {
    const queue = queueOf({ leaseMs: 60_000, renewMs: 20 })
    const [locked, other] = [await held(queue.take(await newRun())), await held(queue.take(await newRun()))]
    const untilOf = async (run_id: string) =>
      (await sql<{ until: string }[]>`SELECT lease_until::text AS until FROM remit.runs WHERE run_id = ${run_id}`)[0]
        ?.until
    await withClient(database.url, 'test', (owner) =>
      owner.begin(async (transaction) => {
        await transaction`SELECT FROM remit.runs WHERE run_id = ${locked.run_id} FOR UPDATE`
        const before = await untilOf(other.run_id)
        await vi.waitFor(async () => expect(await untilOf(other.run_id)).not.toBe(before), { timeout: 20_000 })
      }),
    )
    expect([locked.lost.aborted, other.lost.aborted]).toEqual([false, false])
  })

  it('ends at once when its queue is closed', async () => {
    const queue = openRunQueue({ url: database.journalUrl, sql, holder: 'closing', patienceMs: 0 })
    const run_id = await newRun()
    await queue.take(run_id)
    await queue.close()
    expect(ids(await queueOf().claim(10, 'emulated'))).toEqual([run_id])
  })
})

describe('waking a run', () => {
  it('makes it due now or at an instant, and never later than it was', async () => {
    const queue = queueOf()
    const wakeOf = async (run_id: string) =>
      (await sql<{ wake_at: Date | null }[]>`SELECT wake_at FROM remit.runs WHERE run_id = ${run_id}`)[0]?.wake_at
    const [soon, late] = [inFuture(60_000), inFuture(120_000)]
    const run_id = await newRun({ status: 'waiting' })
    await queue.wake(run_id, late)
    expect(await wakeOf(run_id)).toEqual(late)
    await queue.wake(run_id, soon)
    await queue.wake(run_id, late)
    expect(await wakeOf(run_id)).toEqual(soon)
    expect(await queue.nextDue('emulated')).toEqual(soon)
    await queue.wake(run_id)
    expect(ids(await queue.claim(10, 'emulated'))).toEqual([run_id])
    expect(await queue.nextDue('emulated')).toBeUndefined()

    const [running, ended] = [await newRun({ status: 'running' }), await newRun({ status: 'succeeded' })]
    await Promise.all([queue.wake(running, soon), queue.wake(ended)])
    expect(await Promise.all([wakeOf(running), wakeOf(ended)])).toEqual([null, null])
  })

  it('is heard in other processes, as is a record that has grown', async () => {
    const heard: (string | undefined)[] = []
    open.push(await queueOf().listen((run_id) => heard.push(run_id)))
    const queue = queueOf()
    const [woken, grown] = [await newRun({ status: 'waiting' }), newRunId()]
    await Promise.all([queue.wake(woken), queue.notify(grown), queue.notify(grown)])
    await vi.waitFor(() => expect(heard.toSorted()).toEqual([woken, grown].toSorted()), { timeout: 20_000 })
  })

  it('is heard again after the connections were cut, and the gap is told', async () => {
    const heard: (string | undefined)[] = []
    open.push(await queueOf().listen((run_id) => heard.push(run_id)))
    const queue = queueOf()
    for (const _ of [1, 2]) {
      heard.length = 0
      await cutConnections()
      const run_id = await newRun({ status: 'waiting' })
      await queue.wake(run_id)
      await vi.waitFor(() => expect(heard).toContain(undefined), { timeout: 20_000 })
      await queue.notify(run_id)
      await vi.waitFor(() => expect(heard).toContain(run_id), { timeout: 20_000 })
    }
  })

  it('is refused where Postgres is away for longer than the patience', async () => {
    const url = 'postgres://remit_journal:x@127.0.0.1:1/remit'
    const nowhere = connect(url, { max: 1, name: 'test' })
    const queue = queueOf({ url, sql: nowhere, patienceMs: 50 })
    const asked = await Promise.allSettled([
      queue.wake(newRunId()),
      queue.notify(newRunId()),
      queue.take(newRunId()),
      queue.claim(1, 'emulated'),
      queue.nextDue('emulated'),
      queue.listen(() => {}),
    ])
    for (const one of asked) expect(one).toMatchObject({ reason: expect.any(RecordUnavailableError) })
    await nowhere.end()
  })
})

async function cutConnections(): Promise<void> {
  await withClient(
    database.url,
    'test',
    (owner) => owner`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  )
}

it('a run of another mode is not for this one to go on with', async () => {
  const live = await newRun({}, 'live')
  const queue = queueOf()
  expect(ids(await queue.claim(100, 'emulated'))).not.toContain(live)
  expect(ids(await queue.claim(100, 'live'))).toContain(live)
})

it('a holder can ask whether a run is still its own', async () => {
  const run_id = await newRun()
  const lease = await held(queueOf().take(run_id))
  expect(await lease.confirm()).toBe(true)
  await sql`UPDATE remit.runs SET lease_owner = 'somebody else' WHERE run_id = ${run_id}`
  expect(await lease.confirm()).toBe(false)
})

it('a run is put off when it is given back, unless it was woken meanwhile', async () => {
  const parked = await newRun({ status: 'waiting', wake_at: inFuture(-1_000).toISOString() })
  const woken = await newRun({ status: 'waiting', wake_at: inFuture(-1_000).toISOString() })
  const running = await newRun({ status: 'running' })
  const ended = await newRun({ status: 'failed' })
  const queue = queueOf()
  const again = inFuture(60_000)
  await (await held(queue.take(running))).release(again)
  await (await held(queue.take(ended))).release(again)
  const first = await held(queue.take(parked))
  await first.release(again)
  const second = await held(queue.take(woken))
  await sql`UPDATE remit.runs SET wake_at = now() WHERE run_id = ${woken}`
  await second.release(again)
  const due = ids(await queue.claim(100, 'emulated'))
  expect(due).toContain(woken)
  expect(due).not.toContain(parked)
  expect(due).not.toContain(running)
  const [row] = await sql`SELECT wake_at FROM remit.runs WHERE run_id = ${ended}`
  expect(row).toEqual({ wake_at: null })
})
