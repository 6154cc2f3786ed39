import { openJournal } from '../orchestrator/record/journal.ts'
import { openQueries } from '../orchestrator/record/queries.ts'
import { connect, withClient } from '../shared/postgres/connect.ts'
import { plannedTenant } from '../test/support/planned-run.ts'
import { type ChainParts, chainRun } from './chain-run.ts'
import { idleGateway } from './ledger.ts'
import { each, inTurn, median, ratios, timed } from './measure.ts'
import type { Part } from './part.ts'
import type { Bar, Table } from './report.ts'
import { type Stage, type StageDatabase, stageDatabase } from './stage.ts'

const callsOfARun = 3
const callsMeasured = 50

/** What a call, a takeover and a listing cost in records that hold more and more. */
export const tableSize: Part = {
  name: 'table-size',
  about: 'the cost of a call with 100, 10,000 and 1,000,000 events in the record',
  async run(stage, { quick }) {
    await using records = new AsyncDisposableStack()
    const filled: FilledRecord[] = []
    for (const events of quick ? [100, 2_000] : [100, 10_000, 1_000_000])
      filled.push(records.use(await openFilledRecord(stage, events)))

    const rounds = quick ? 1 : 15
    const inEach = (work: (record: FilledRecord) => Promise<number>) =>
      inTurn(rounds, Object.fromEntries(filled.map((record) => [record.events, () => work(record)])))
    const calls = quick ? 5 : callsMeasured
    const call = await inEach(async ({ parts }) => (await timed(() => chainRun(parts, calls))) / calls)
    const takeover = await inEach(({ parts, someRun }) => each(20, () => takeUp(parts, someRun)))
    const listing = await inEach(({ list }) => each(20, list))

    const [smallest] = filled
    const table: Table = {
      title: 'Cost by the size of the record (steps that do nothing, one after the other)',
      rows: filled.map(({ events, runs }) => ({
        events,
        runs,
        'ms a call': median(call[events] ?? []),
        'times the smallest': median(ratios(call[events] ?? [], call[smallest?.events ?? 0] ?? [])),
        'ms a takeover': median(takeover[events] ?? []),
        'ms a listing': median(listing[events] ?? []),
      })),
      note: `A takeover reads and adopts a run of ${callsOfARun} calls; a listing shows the 50 latest runs of a tenant.`,
    }
    const largest = filled.at(-1)
    const bar: Bar = {
      what: `cost of a call at ${largest?.events.toLocaleString('en-US')} events, times that at ${smallest?.events}`,
      measured: median(ratios(call[largest?.events ?? 0] ?? [], call[smallest?.events ?? 0] ?? [])),
      sense: 'at most',
      limit: 1.15,
    }
    return { tables: [table], bars: [bar] }
  },
}

interface FilledRecord extends AsyncDisposable {
  events: number
  runs: number
  parts: ChainParts
  /** One of the runs that fill the record. */
  someRun: string
  list(): Promise<unknown>
}

async function openFilledRecord(stage: Stage, events: number): Promise<FilledRecord> {
  await using opening = new AsyncDisposableStack()
  const database = opening.use(await stageDatabase(stage))
  const journal = openJournal({ url: database.journalUrl, now: () => new Date() })
  opening.defer(() => journal.close())
  const reader = connect(database.queryUrl, { max: 1, name: 'bench' })
  opening.defer(() => reader.end({ timeout: 1 }))
  const queries = openQueries(reader, database.tenantSecret)
  const parts = { journal, gateway: idleGateway }
  const someRun = await chainRun(parts, callsOfARun)
  const runs = await fill(database, someRun, events)
  const opened = opening.move()
  return {
    events,
    runs,
    parts,
    someRun,
    list: () => queries.listRuns(plannedTenant),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/**
 * Copies a run under new ids until the record holds so many events, in the partition that new runs go to. The copies' chains
 * do not verify, and nothing here asks them to.
 */
function fill({ adminUrl }: StageDatabase, run: string, events: number): Promise<number> {
  return withClient(adminUrl, 'bench', async (sql) => {
    const [template] = await sql<{ size: number }[]>`
      SELECT count(*)::integer AS size FROM remit.events WHERE run_id = ${run}`
    const copies = Math.ceil(events / (template?.size ?? 1)) - 1
    // Ids of the past minute: no partition begins in between, unless a month has just begun, and then both are small.
    await sql`
      CREATE TEMPORARY TABLE copies AS
      SELECT uuidv7(make_interval(secs => -60.0 * number / ${copies + 1})) AS run_id FROM generate_series(${copies}, 1, -1) AS number`
    await sql`
      INSERT INTO remit.runs (run_id, tenant, principal, goal, mode, status, created_at, updated_at)
      SELECT copies.run_id, tenant, principal, goal, mode, status, created_at, updated_at
      FROM copies CROSS JOIN remit.runs AS original WHERE original.run_id = ${run}`
    await sql`
      INSERT INTO remit.events (run_id, seq, type, v, data, at, prev_hash, hash, tenant)
      SELECT copies.run_id, seq, type, v, data, at, prev_hash, hash, tenant
      FROM copies CROSS JOIN (SELECT * FROM remit.events WHERE run_id = ${run}) AS original`
    // What a record has that grew over months: visible pages, statistics, and no checkpoint in the middle of a measurement.
    await sql`VACUUM ANALYZE`
    await sql`CHECKPOINT`
    return copies + 1
  })
}

async function takeUp({ journal }: ChainParts, run: string): Promise<void> {
  await journal.adopt(run)
  journal.release(run)
}
