import { v7 as newRunId } from 'uuid'
import { draft } from '../orchestrator/model/event.ts'
import type { Lease } from '../orchestrator/record/held-leases.ts'
import { type Journal, openJournal } from '../orchestrator/record/journal.ts'
import { openQueries, type Queries } from '../orchestrator/record/queries.ts'
import { openRunQueue, type RunQueue } from '../orchestrator/record/run-queue.ts'
import { type HeadSigner, openHeadSigner } from '../orchestrator/record/signed-heads.ts'
import { openVerifier, type Verifier } from '../orchestrator/record/verify.ts'
import { connect, type Sql } from '../shared/postgres/connect.ts'
import { each, inTurn, median, ratios, timed } from './measure.ts'
import type { Part } from './part.ts'
import { type Stage, stageDatabase } from './stage.ts'

const eventsPerRun = 10
/** Runs that have not ended, in every record: what grows with the years is what has. */
const unfinished = 2_000
const owner = { tenant: 'bench', principal: 'local:bench', goal: 'bench', mode: 'emulated' } as const
const { tenant, mode } = owner
const noted = draft('system_noted', { what: 'bench', details: { some: 'x'.repeat(300) } })

/** What people and workers ask of a record, of one that is new and of one that is years old. */
export const record: Part = {
  name: 'record',
  about: 'appends, claims, takeovers and listings in a record of 1,000,000 events and 100,000 runs',
  async run(stage, { quick }) {
    const [young, old] = quick ? [2_000, 4_000] : [50_000, 1_000_000]
    await using records = new AsyncDisposableStack()
    const small = records.use(await openFilled(stage, young))
    const large = records.use(await openFilled(stage, old))
    const rows: Record<string, string | number>[] = []
    for (const [what, work] of Object.entries(questions)) {
      const took = await inTurn(quick ? 1 : 15, { small: () => work(small), large: () => work(large) })
      rows.push({
        what,
        [`ms at ${young.toLocaleString('en-US')} events`]: median(took.small),
        [`ms at ${old.toLocaleString('en-US')}`]: median(took.large),
        times: median(ratios(took.large, took.small)),
      })
    }
    const title = `What is asked of a record, by its size (${unfinished.toLocaleString('en-US')} runs have not ended)`
    return { tables: [{ title, rows }], bars: [] }
  },
}

/** Each takes milliseconds. */
const questions: Record<string, (filled: FilledRecord) => Promise<number>> = {
  'append one event': ({ journal, growing }) => each(20, () => journal.append(growing, [noted])),
  'create a run': ({ journal }) =>
    each(5, () => journal.create({ run_id: newRunId(), ...owner }, [noted], { status: 'succeeded' })),
  'read a run': ({ journal, ended }) => each(5, () => journal.read(ended)),
  'take a run and give it back': ({ queue, ended }) =>
    each(5, async () => {
      const lease = await queue.take(ended)
      if ('release' in lease) await lease.release()
    }),
  'claim 10 that are due': async (filled) => {
    await makeDue(filled.sql, null)
    return timed(() => claim(filled.queue))
  },
  'take over 10 of a process that died': async (filled) => {
    await makeDue(filled.sql, 'a process that died')
    return timed(() => claim(filled.queue))
  },
  'claim where nothing is due': ({ queue }) => each(5, () => queue.claim(10, mode)),
  'ask when the next is due': ({ queue }) => each(5, () => queue.nextDue(mode)),
  'list the latest runs': ({ queries }) => each(5, () => queries.listRuns(tenant)),
  'list those that failed': ({ queries }) => each(5, () => queries.listRuns(tenant, { status: 'failed' })),
  'list those of which there are none': ({ queries }) =>
    each(5, () => queries.listRuns(tenant, { status: 'compensating' })),
  'find a run by the start of its id': ({ queries, ended }) =>
    each(5, () => queries.runByPrefix(tenant, ended.slice(0, 30))),
  'list the calls of a run': ({ queries, ended }) =>
    each(5, () => queries.sql(tenant, `SELECT * FROM calls WHERE run_id = '${ended}'`)),
  'list the open approvals': ({ queries }) => each(2, () => queries.openApprovals(tenant)),
  'verify a run': ({ verifier, ended }) => each(2, () => verifier.verifyRun(ended)),
  'sign the heads of what grew': async ({ journal, growing, signer }) => {
    await journal.append(growing, [noted])
    return timed(() => signer.signHeads())
  },
}

interface FilledRecord extends AsyncDisposable {
  journal: Journal
  queries: Queries
  queue: RunQueue
  signer: HeadSigner
  verifier: Verifier
  /** The superuser's. */
  sql: Sql
  /** A run that ended, in the middle of all. */
  ended: string
  /** A run that this process appends to. */
  growing: string
}

async function openFilled(stage: Stage, events: number): Promise<FilledRecord> {
  await using opening = new AsyncDisposableStack()
  const database = opening.use(await stageDatabase(stage))
  const { journalUrl: url, home } = database
  const opened = (sql: Sql): Sql => {
    opening.defer(() => sql.end({ timeout: 1 }))
    return sql
  }
  const admin = opened(connect(database.adminUrl, { max: 1, name: 'bench' }))
  const sql = opened(connect(url, { max: 2, name: 'bench' }))
  const reader = opened(connect(database.queryUrl, { max: 1, name: 'bench' }))
  const now = () => new Date()
  const journal = openJournal({ url, now })
  opening.defer(() => journal.close())
  const queue = openRunQueue({ url, sql, holder: 'bench', patienceMs: 5_000 })
  opening.defer(() => queue.close())
  const signer = await openHeadSigner({ sql, home, now })
  await fill(admin, events / eventsPerRun)
  const growing = newRunId()
  await journal.create({ run_id: growing, ...owner }, [noted], { status: 'running', wake_at: '2100-01-01T00:00:00Z' })
  const [middle] = await admin<{ run_id: string }[]>`
    SELECT run_id FROM remit.runs WHERE status = 'succeeded' ORDER BY run_id OFFSET 20 LIMIT 1`
  const queries = openQueries(reader, database.tenantSecret)
  const verifier = openVerifier(sql, signer)
  const moved = opening.move()
  return {
    ...{ journal, queries, queue, signer, verifier, sql: admin, growing, ended: String(middle?.run_id) },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

/**
 * Runs of the last three months, with calls as those of the flagship look; some wait, some are held. Their chains do not
 * verify, and nothing here asks them to.
 */
async function fill(sql: Sql, runs: number): Promise<void> {
  await sql`SELECT remit.ensure_partitions(now() - interval '3 months', 3)`
  await sql`
    CREATE TEMPORARY TABLE made AS
    SELECT n, n <= ${Math.min(unfinished, runs / 2)} AS unfinished, at,
      uuidv7(at - now()) AS run_id
    FROM (SELECT n, now() - random() * interval '90 days' AS at FROM generate_series(1, ${runs}::integer) AS n) AS run`
  await sql`
    INSERT INTO remit.runs
      (run_id, tenant, principal, goal, mode, status, wake_at, lease_owner, lease_until, created_at, updated_at)
    SELECT run_id, ${tenant}, ${owner.principal}, ${owner.goal}, ${mode},
      CASE WHEN NOT unfinished THEN (ARRAY['succeeded', 'succeeded', 'failed', 'cancelled'])[1 + n % 4]
        WHEN n % 2 = 0 THEN 'running' ELSE 'waiting' END,
      CASE WHEN unfinished AND n % 20 = 1 THEN now() + interval '1 day' END,
      CASE WHEN unfinished AND n % 2 = 0 THEN 'another process' END,
      CASE WHEN unfinished AND n % 2 = 0 THEN now() + interval '1 hour' END, at, at
    FROM made`
  await sql`
    INSERT INTO remit.events (run_id, seq, type, v, data, at, prev_hash, hash, tenant)
    SELECT run_id, seq,
      CASE WHEN seq = 1 THEN 'run_created' WHEN seq = 2 THEN 'decision_made'
        WHEN seq = 3 AND n % 50 = 1 THEN 'wait_started' WHEN seq = 3 THEN 'plan_accepted'
        WHEN seq = ${eventsPerRun} THEN 'run_finished' WHEN seq % 2 = 0 THEN 'call_intended' ELSE 'call_settled' END,
      1,
      jsonb_build_object(
        'call_id', 'call-' || seq / 2, 'task_id', 'task-' || seq / 2, 'purpose', 'task', 'server', 'ledger', 'tool', 'add',
        'attempt', 1, 'generation', 1, 'idempotency_key', md5(n::text), 'wait_id', run_id::text || seq, 'for', 'approval',
        'question', 'Send it?', 'choices', '[]'::jsonb, 'until', '2100-01-01T00:00:00Z',
        'arguments', jsonb_build_object('email', md5(n::text) || '@example.com', 'name', repeat(md5(seq::text), 8)),
        'outcome', '{"status": "succeeded", "output": {"id": "1"}}'::jsonb),
      at + make_interval(secs => seq), sha256(convert_to(n || '-' || seq, 'UTF8')),
      sha256(convert_to(n || '+' || seq, 'UTF8')), ${tenant}
    FROM made, generate_series(1, ${eventsPerRun}) AS seq`
  await sql`
    INSERT INTO remit.signed_heads (id, v, at, heads, prev_digest, digest, key_id, signature)
    SELECT row_number() OVER (ORDER BY at), 2, at, jsonb_build_array(jsonb_build_array(run_id, ${eventsPerRun}::integer, '')),
      '\\x00', '\\x00', 'bench', '\\x00'
    FROM made`
  // What a record has that grew over months: visible pages, statistics, and no checkpoint in the middle of a measurement.
  await sql`VACUUM ANALYZE`
  await sql`CHECKPOINT`
}

/** Makes ten runs due that waited, or that this holder left behind. */
async function makeDue(sql: Sql, holder: string | null): Promise<void> {
  await sql`UPDATE remit.runs SET wake_at = NULL WHERE status = 'waiting' AND wake_at < now()`
  await sql`
    UPDATE remit.runs SET wake_at = now(), lease_owner = ${holder},
      lease_until = CASE WHEN ${holder}::text IS NOT NULL THEN now() - interval '1 second' END
    WHERE run_id IN (SELECT run_id FROM remit.runs WHERE status = 'waiting' AND wake_at IS NULL LIMIT 10)`
}

/** A row that is locked for the moment, by a renewal for instance, is left for the next claim. */
async function claim(queue: RunQueue): Promise<void> {
  const leases: Lease[] = []
  while (leases.length < 10) leases.push(...(await queue.claim(10 - leases.length, mode)))
  await Promise.all(leases.map((lease) => lease.release()))
}
