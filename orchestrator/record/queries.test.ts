import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import { draft } from '../model/event.ts'
import { createSealer } from '../model/seal.ts'
import { openJournal } from './journal.ts'
import { openQueries, type Queries, QueryError, rowLimit } from './queries.ts'

let database: TestDatabase
let sql: Sql
let queries: Queries
const [mine, later, theirs] = [newRunId(), newRunId(), newRunId()].sort() as [string, string, string]

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.queryUrl, { max: 2, name: 'test' })
  queries = openQueries(sql, database.tenantSecret)
  const journal = openJournal({ url: database.journalUrl, now: () => new Date('2026-05-01T10:00:00.123Z') })
  const acme = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
  await journal.create({ run_id: mine, ...acme }, callEvents())
  await journal.create({ run_id: later, ...acme, parent_run: mine }, [noted('a')], { status: 'succeeded' })
  await journal.create({ run_id: theirs, ...acme, tenant: 'rival' }, [noted('secret of rival')])
  await journal.close()
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

const request = {
  endpoint: 'STRIPE_API_BASE',
  protocol: 'http' as const,
  host: 'api.stripe.com:443',
  method: 'POST',
  path: '/v1/customers',
  status: 200,
  bytes_out: 10,
  bytes_in: 20,
  ms: 30,
  attribution: 'exact' as const,
}

/** The rows of a statement, by column. */
async function ask(statement: string): Promise<Record<string, Json>[]> {
  const { columns, rows } = await queries.sql('acme', statement)
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])))
}

describe('the views', () => {
  it('show each call with its intent, outcome and verdict, and hide what was sealed', async () => {
    expect(await ask('SELECT * FROM calls ORDER BY intended_at, call_id')).toMatchObject([
      {
        call_id: 'call-1',
        run_id: mine,
        status: 'succeeded',
        server: 'billing',
        tool: 'create_customer',
        arguments: { email: 'a@b.c', token: '[sealed]' },
        output: { id: 'cus_1', keys: ['[sealed]'] },
        verdict: 'allow',
        rule: 'default',
        principal: 'ann',
        establishes: ['billing.customer'],
        egress: [request],
        started_at: '2026-05-01T10:00:00.200Z',
      },
      { call_id: 'call-2', status: 'intended', attempt: 2, started_at: null },
      {
        call_id: null,
        status: 'refused',
        server: 'billing',
        tool: 'delete_customer',
        rule: 'no-deletes',
        verdict: 'deny',
        failure_kind: 'denied',
      },
    ])
    expect(JSON.stringify(await ask('SELECT data FROM events'))).not.toContain('v1.')
  })

  it('show decisions and approvals', async () => {
    expect(await ask('SELECT kind, accepted, problems FROM decisions')).toEqual([
      { kind: 'give_up', accepted: false, problems: [{ path: '/kind', message: 'no' }] },
    ])
    expect(await ask('SELECT approval_id, status, decided_by FROM approvals')).toEqual([
      { approval_id: 'wait-1', status: 'decided', decided_by: 'ann' },
    ])
  })

  it('document every view and column', async () => {
    const described = await queries.describe('acme')
    expect([...new Set(described.map(({ view }) => view))]).toEqual([
      'approvals',
      'calls',
      'decisions',
      'events',
      'runs',
    ])
    const [columns] = await withClient(
      database.url,
      'test',
      (admin) => admin`SELECT count(*)::integer AS count FROM information_schema.columns WHERE table_schema = 'query'`,
    )
    expect(described.filter(({ column }) => column !== null)).toHaveLength(columns?.count)
    const egress = described.find(({ view, column }) => view === 'calls' && column === 'egress')
    for (const member of [...Object.keys(request), 'denied', 'times']) expect(egress?.comment).toContain(member)
  })
})

describe('a tenant', () => {
  it('sees its own runs alone, the latest first, page by page', async () => {
    expect((await queries.listRuns('acme')).runs.map(({ run_id }) => run_id)).toEqual([later, mine])
    expect((await queries.listRuns('acme')).runs.map(({ parent_run }) => parent_run)).toEqual([mine, undefined])
    const page = await queries.listRuns('acme', { limit: 1 })
    expect(page).toMatchObject({ runs: [{ run_id: later, status: 'succeeded' }], next: later })
    expect(await queries.listRuns('acme', { limit: 1, cursor: later })).toMatchObject({ runs: [{ run_id: mine }] })
    expect((await queries.unfinishedRuns('acme')).map(({ run_id }) => run_id)).toEqual([mine])
    expect((await queries.listRuns('nobody')).runs).toEqual([])
  })

  it('cannot become another by what it asks', async () => {
    const { rows } = await queries.sql(
      'acme',
      `WITH other AS MATERIALIZED (SELECT set_config('remit.tenant', 'rival', false) AS tenant)
       SELECT data FROM other, LATERAL (SELECT * FROM events WHERE other.tenant IS NOT NULL) AS event`,
    )
    expect(JSON.stringify(rows)).not.toContain('secret of rival')
    await expect(queries.runByPrefix('acme', theirs)).rejects.toThrow(QueryError)
    expect(await ask('SELECT DISTINCT tenant FROM events')).toEqual([{ tenant: 'acme' }])
  })
})

it('a tenant learns nothing of another by a condition that fails where it looks', async () => {
  const failing = (text: string) => `1 / (CASE WHEN data::text LIKE '%${text}%' THEN 0 ELSE 1 END) = 1`
  expect(
    await ask(`SELECT seq FROM events WHERE ${failing('secret of rival')} AND type = 'call_settled'`),
  ).toHaveLength(1)
  await expect(queries.sql('acme', `SELECT seq FROM events WHERE ${failing('cus_1')}`)).rejects.toThrow('division')
})

describe('a run by prefix', () => {
  it('is the one that starts so, and says when none or several do', async () => {
    expect(await queries.runByPrefix('acme', mine.slice(0, 30).toUpperCase())).toMatchObject({ run_id: mine })
    await expect(queries.runByPrefix('acme', 'ffff')).rejects.toThrow('no run ffff')
    await expect(queries.runByPrefix('acme', mine.slice(0, 8))).rejects.toThrow('more than one')
    for (const none of ["x'", mine.slice(0, 3), mine.replaceAll('-', ''), `${mine}0`])
      await expect(queries.runByPrefix('acme', none)).rejects.toThrow('not the start')
  })
})

describe('a statement of a person', () => {
  it.each([
    ['two questions', 'SELECT 1; SELECT 2'],
    ['a question and a write', 'SELECT 1; DROP VIEW calls'],
    ['a question and the end of the transaction', 'SELECT 1; COMMIT; SELECT 2'],
    ['a write', 'INSERT INTO runs VALUES (1)'],
    ['a write in a SELECT', 'WITH gone AS (DELETE FROM runs RETURNING 1) SELECT * FROM gone'],
    ['the end of the transaction', 'COMMIT'],
    ['a table behind the views', 'SELECT * FROM remit.events'],
    ['the secret', 'SELECT * FROM remit.tenant_secret'],
    ['a file of the server', "SELECT pg_read_file('/etc/passwd')"],
    ['a column that is not there', 'SELECT nothing FROM calls'],
  ])('is refused with a reason when it is %s', async (_, statement) => {
    await expect(queries.sql('acme', statement)).rejects.toBeInstanceOf(QueryError)
    expect(await ask('SELECT 1 AS one;')).toEqual([{ one: 1 }])
  })

  it('of which there are two is refused in words', async () => {
    await expect(queries.sql('acme', 'SELECT 1; SELECT 2')).rejects.toThrow('there is more than one statement')
    expect(await ask("SELECT ';' AS mark -- ; and more")).toEqual([{ mark: ';' }])
  })

  it('returns no more rows than the limit, and says so', async () => {
    const { rows, truncated, columns } = await queries.sql(
      'acme',
      `SELECT * FROM generate_series(1, ${rowLimit + 5}) AS n -- all`,
    )
    expect(rows).toHaveLength(rowLimit)
    expect({ truncated, columns }).toEqual({ truncated: true, columns: ['n'] })
  })
})

describe('roles', () => {
  it('let the journal append and never change an event', async () => {
    await withClient(database.journalUrl, 'test', async (journal) => {
      for (const statement of [
        `UPDATE remit.events SET type = 'x'`,
        'DELETE FROM remit.events',
        'TRUNCATE remit.events',
        'UPDATE remit.signed_heads SET heads = heads',
        'DELETE FROM remit.runs',
        'SELECT * FROM remit.tenant_secret',
        'CREATE TABLE remit.other (x integer)',
      ])
        await expect(journal.unsafe(statement), statement).rejects.toThrow(/permission denied|must be owner/)
    })
  })

  it('let a reader without proof see nothing', async () => {
    await withClient(database.queryUrl, 'test', async (reader) => {
      expect(await reader`SELECT * FROM query.events`).toHaveLength(0)
      await reader`SELECT set_config('remit.tenant', 'acme', false), set_config('remit.tenant_proof', 'x', false)`
      expect(await reader`SELECT * FROM query.events`).toHaveLength(0)
    })
  })
})

function callEvents() {
  const sealer = createSealer(mine, new Uint8Array(32))
  const intent = {
    call_id: 'call-1',
    task_id: 'customer',
    purpose: 'task' as const,
    server: 'billing',
    tool: 'create_customer',
    fingerprint: 'sha256:f',
    arguments: { email: 'a@b.c', token: sealer.seal('t', '/token') },
    arguments_digest: 'sha256:a',
    provenance: { '/email': ['input' as const] },
    verdict: { verdict: 'allow' as const, rule: 'default', reason: 'reviewed' },
    attempt: 1,
    generation: 1,
    idempotency_key: 'k',
    deadline: '2026-05-01T10:00:30.000Z',
    reservation: { tool_calls: 1 },
    traceparent: '00-1-2-01',
  }
  return [
    draft('decision_made', {
      decision: { kind: 'give_up', code: 'x', facts: [], issues: [], why: 'w' },
      reasoner: 'planner',
      tainted: false,
      usage: { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 },
      duration_ms: 1.5,
    }),
    draft('decision_refused', { decision_seq: 1, problems: [{ path: '/kind', message: 'no' }] }),
    draft('call_intended', intent),
    draft('call_settled', {
      call_id: 'call-1',
      outcome: { status: 'succeeded', output: { id: 'cus_1', keys: [sealer.seal('k', '/keys/0')] } },
      establishes: ['billing.customer'],
      next: { do: 'nothing' },
      era: '2026-07-28',
      started_at: '2026-05-01T10:00:00.200Z',
      settled_at: '2026-05-01T10:00:00.300Z',
      egress: [request],
    }),
    draft('call_intended', { ...intent, call_id: 'call-2', attempt: 2 }),
    draft('task_refused', {
      task_id: 'gone',
      tool: 'billing.delete_customer',
      verdict: { verdict: 'deny', rule: 'no-deletes', reason: 'deletes only undo' },
      failure: { kind: 'denied', message: 'deletes only undo' },
      arguments_digest: 'sha256:d',
      provenance: {},
    }),
    draft('wait_started', {
      wait_id: 'wait-1',
      for: 'approval',
      question: 'Send?',
      choices: [],
      facts: [],
      task_id: 'mail',
    }),
    draft('wait_ended', { wait_id: 'wait-1', choice: 'approve', by: 'ann' }),
  ]
}
