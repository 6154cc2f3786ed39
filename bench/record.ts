// Whether the record slows down as it grows: `node bench/record.ts [events]` (a million unless said). Nothing here is timed
// by `npm test`. It makes a record of its own, measures, fills it by SQL, and measures again.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { v7 as newRunId } from 'uuid'
import { openHome } from '../orchestrator/home/home.ts'
import { joinHome } from '../orchestrator/home/shared-process.ts'
import { draft } from '../orchestrator/model/event.ts'
import { bootstrap } from '../orchestrator/record/bootstrap.ts'
import { connect, type Sql } from '../orchestrator/record/connect.ts'
import type { Lease } from '../orchestrator/record/held-leases.ts'
import { type OpenRecord, openRecord } from '../orchestrator/record/open-record.ts'

const events = Number(process.argv[2] ?? 1_000_000)
/** With these the record starts; thousands of their runs have not ended. All that is added later has. */
const base = 50_000
const eventsPerRun = 10
const warmUp = 5
const tenant = 'bench'
const mode = 'emulated' as const

const folder = await mkdtemp(join(tmpdir(), 'remit-bench-'))
const home = openHome(join(folder, 'home'))
const membership = await joinHome(home)
try {
  const record = await openRecord({ home, membership })
  const ownerUrl = await bootstrap(String(record.embedded?.adminUrl), home)
  const owner = connect(ownerUrl, { max: 1, name: 'bench' })
  const admin = connect(String(record.embedded?.adminUrl), { max: 1, name: 'bench' })
  try {
    await fill(owner, admin, base, false)
    const small = await measure(record, owner)
    const started = performance.now()
    await fill(owner, admin, events - base, true)
    console.log(`filled with ${events} events in ${Math.round((performance.now() - started) / 1_000)} s`)
    const large = await measure(record, owner)
    console.table(
      [...small].map(([what, before]) => {
        const after = large.get(what) ?? Number.NaN
        return {
          what,
          [`${base.toLocaleString('en')} events, ms`]: round(before),
          [`${events.toLocaleString('en')} events, ms`]: round(after),
          times: round(after / before),
        }
      }),
    )
  } finally {
    await Promise.all([owner.end(), admin.end()])
    await record.close()
  }
} finally {
  await membership.leave()
  await rm(folder, { recursive: true, force: true })
}

/** Runs spread over the last three months, with calls as the flagship's look; some wait, some are held, some are due. */
async function fill(sql: Sql, admin: Sql, count: number, ended: boolean): Promise<void> {
  const runs = count / eventsPerRun
  await sql`SELECT remit.ensure_partitions(now() - interval '3 months', 3)`
  await sql`
    CREATE TEMPORARY TABLE made ON COMMIT PRESERVE ROWS AS
    SELECT n, at,
      (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
        || '8' || substr(md5(random()::text), 1, 15))::uuid AS run_id
    FROM (SELECT n, now() - (random() * interval '90 days') AS at FROM generate_series(1, ${runs}::integer) AS n) AS run`
  await sql`
    INSERT INTO remit.runs (run_id, tenant, principal, goal, mode, status, wake_at, lease_owner, lease_until, created_at, updated_at)
    SELECT run_id, ${tenant}, 'ann', 'onboard', ${mode},
      CASE WHEN ${ended} OR n % 5 > 1 THEN (ARRAY['succeeded', 'succeeded', 'failed', 'cancelled'])[1 + n % 4]
        WHEN n % 5 = 0 THEN 'running' ELSE 'waiting' END,
      CASE WHEN n % 15 = 1 THEN now() + interval '1 day' END,
      CASE WHEN n % 5 = 0 THEN 'another process' END,
      CASE WHEN n % 5 = 0 THEN now() + interval '1 hour' END, at, at
    FROM made`
  await sql`
    INSERT INTO remit.events (run_id, seq, type, v, data, at, prev_hash, hash, tenant)
    SELECT run_id, seq,
      CASE WHEN seq = 1 THEN 'run_created' WHEN seq = 2 THEN 'decision_made' WHEN seq = 3 AND n % 50 = 1 THEN 'wait_started'
        WHEN seq = 3 THEN 'plan_accepted' WHEN seq = 10 THEN 'run_finished'
        WHEN seq % 2 = 0 THEN 'call_intended' ELSE 'call_settled' END,
      1,
      jsonb_build_object('call_id', 'call-' || seq / 2, 'task_id', 'task-' || seq / 2, 'purpose', 'task', 'server', 'billing',
        'tool', 'create_customer', 'attempt', 1, 'generation', 1, 'idempotency_key', md5(n::text), 'for', 'approval',
        'wait_id', run_id::text || seq, 'question', 'Send it?', 'choices', '[]'::jsonb, 'until', '2030-01-01T00:00:00Z',
        'arguments', jsonb_build_object('email', md5(n::text) || '@example.com', 'name', repeat(md5(seq::text), 8)),
        'outcome', '{"status": "succeeded", "output": {"id": "cus_1"}}'::jsonb),
      at + make_interval(secs => seq), sha256(convert_to(n || '-' || seq, 'UTF8')), sha256(convert_to(n || '+' || seq, 'UTF8')), ${tenant}
    FROM made, generate_series(1, ${eventsPerRun}) AS seq`
  await sql`
    INSERT INTO remit.signed_heads (id, v, at, heads, prev_digest, digest, key_id, signature)
    SELECT (SELECT coalesce(max(id), 0) FROM remit.signed_heads) + row_number() OVER (ORDER BY at), 2, at,
      jsonb_build_array(jsonb_build_array(run_id, 10, encode(sha256(convert_to(n || '+10', 'UTF8')), 'hex'))),
      '\\x00', '\\x00', 'bench', '\\x00'
    FROM made`
  await sql`DROP TABLE made`
  await sql`VACUUM (ANALYZE) remit.runs`
  await sql`VACUUM (ANALYZE) remit.events`
  await sql`VACUUM (ANALYZE) remit.signed_heads`
  await admin`CHECKPOINT`
}

/** Medians in milliseconds. */
async function measure(record: OpenRecord, owner: Sql): Promise<Map<string, number>> {
  const { journal, queries, queue } = record
  const noted = draft('system_noted', { what: 'x', details: { some: 'x'.repeat(300) } })
  const run_id = newRunId()
  await journal.create({ run_id, tenant, principal: 'ann', goal: 'onboard', mode }, [noted], { status: 'running' })
  const [finished] = await owner<{ run_id: string }[]>`
    SELECT run_id FROM remit.runs WHERE status = 'succeeded' ORDER BY run_id OFFSET 20 LIMIT 1`
  const one = String(finished?.run_id)
  const times = new Map<string, number>()
  const time = async (what: string, work: () => Promise<unknown>, { rounds = 30, before = async () => {} } = {}) => {
    const took: number[] = []
    for (let round = 0; round < rounds + warmUp; round += 1) {
      await before()
      const started = performance.now()
      await work()
      if (round >= warmUp) took.push(performance.now() - started)
    }
    times.set(what, took.sort((a, b) => a - b)[rounds >> 1] ?? 0)
  }

  await time('append one event', () => journal.append(run_id, [noted]), { rounds: 200 })
  await time('create a run', () =>
    journal.create({ run_id: newRunId(), tenant, principal: 'ann', goal: 'onboard', mode }, [noted], {
      status: 'succeeded',
    }),
  )
  await time('read a run', () => journal.read(one))
  await time('take and release', async () => {
    const lease = await queue.take(one)
    if ('release' in lease) await lease.release()
  })
  await time('claim 10 that are due', () => claim(10), { before: () => due(10, false) })
  await time('take over 10 of a dead process', () => claim(10), { before: () => due(10, true) })
  await time('claim, nothing due', () => queue.claim(10, mode))
  await time('when the next is due', () => queue.nextDue(mode))
  await time('runs, first page', () => queries.listRuns(tenant))
  await time('runs, those that wait', () => queries.listRuns(tenant, { status: 'waiting' }))
  await time('runs, those that failed', () => queries.listRuns(tenant, { status: 'failed' }))
  await time('runs, those being undone', () => queries.listRuns(tenant, { status: 'compensating' }))
  await time('a run by the start of its id', () => queries.runByPrefix(tenant, one.slice(0, 18)))
  await time('calls of one run', () => queries.sql(tenant, `SELECT * FROM calls WHERE run_id = '${one}'`))
  await time('events of one run', () => queries.sql(tenant, `SELECT * FROM events WHERE run_id = '${one}'`))
  await time('open approvals', () => queries.openApprovals(tenant), { rounds: 10 })
  await time('verify a run', () => record.verifier.verifyRun(run_id), { rounds: 3 })
  await time('sign heads', () => record.signHeads(), { before: () => journal.append(run_id, [noted]).then(() => {}) })
  return times

  /** A row that is locked for the moment, by a renewal for instance, is left for the next claim. */
  async function claim(most: number): Promise<void> {
    const leases: Lease[] = []
    while (leases.length < most) leases.push(...(await queue.claim(most - leases.length, mode)))
    await Promise.all(leases.map((lease) => lease.release()))
  }

  /** Makes runs due that waited, or that a process held which is gone. */
  async function due(count: number, held: boolean): Promise<void> {
    await owner`
      UPDATE remit.runs SET wake_at = NULL WHERE status = 'waiting' AND wake_at < now()`
    await owner`
      UPDATE remit.runs SET wake_at = now(), lease_owner = ${held ? 'gone' : null},
        lease_until = CASE WHEN ${held} THEN now() - interval '1 second' END
      WHERE run_id IN (SELECT run_id FROM remit.runs WHERE status = 'waiting' AND wake_at IS NULL LIMIT ${count})`
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
