import { postgresStore } from '../orchestrator/record/batch.ts'
import { openJournal } from '../orchestrator/record/journal.ts'
import { connect, type Sql } from '../shared/postgres/connect.ts'
import { type ChainParts, chainRun } from './chain-run.ts'
import { idleGateway } from './ledger.ts'
import { median } from './measure.ts'
import type { Part } from './part.ts'
import type { Bar, Table } from './report.ts'
import { stageDatabase } from './stage.ts'

/** What a call writes, in runs of few and of many calls. */
export const writesPerCall: Part = {
  name: 'writes-per-call',
  about: 'statements, write transactions and WAL bytes per call, at 20 and at 100 calls a run',
  async run(stage, { quick }) {
    await using database = await stageDatabase(stage)
    const sql = connect(database.adminUrl, { max: 1, name: 'bench' })
    const statements = { made: 0 }
    const journal = openJournal({
      url: database.journalUrl,
      now: () => new Date(),
      store: (client) => countingStore(client, statements),
    })
    try {
      const parts = { journal, gateway: idleGateway }
      await writesOfARun(parts, sql, statements, 20)
      // What an earlier write left to be logged whole is logged before anything is counted.
      await sql`CHECKPOINT`
      await writesOfARun(parts, sql, statements, 20)
      const [few, many] = [await writesOf(20), await writesOf(100)]
      async function writesOf(calls: number): Promise<Writes> {
        const runs: Writes[] = []
        for (let round = 0; round < (quick ? 1 : 5); round++)
          runs.push(await writesOfARun(parts, sql, statements, calls))
        return {
          statements: median(runs.map((run) => run.statements)),
          transactions: median(runs.map((run) => run.transactions)),
          walBytes: median(runs.map((run) => run.walBytes)),
        }
      }
      return { tables: [tableOf(few, many)], bars: barsOf(few, many) }
    } finally {
      await journal.close()
      await sql.end({ timeout: 1 })
    }
  },
}

interface Writes {
  statements: number
  transactions: number
  walBytes: number
}

function countingStore(client: Sql, statements: { made: number }) {
  const store = postgresStore(client)
  return {
    ...store,
    insert(...args: Parameters<typeof store.insert>) {
      statements.made += 1
      return store.insert(...args)
    },
  }
}

async function writesOfARun(parts: ChainParts, sql: Sql, statements: { made: number }, calls: number): Promise<Writes> {
  const before = { ...(await positionOf(sql)), statements: statements.made }
  await chainRun(parts, calls)
  const after = { ...(await positionOf(sql)), statements: statements.made }
  return {
    statements: (after.statements - before.statements) / calls,
    transactions: Number(after.transaction - before.transaction) / calls,
    walBytes: Number(after.wal - before.wal) / calls,
  }
}

/** Every transaction that writes takes the next number, whoever makes it. */
async function positionOf(sql: Sql): Promise<{ transaction: bigint; wal: bigint }> {
  const [row] = await sql<{ transaction: string; wal: string }[]>`
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS transaction,
      (pg_current_wal_insert_lsn() - '0/0')::text AS wal`
  return { transaction: BigInt(row?.transaction ?? 0), wal: BigInt(row?.wal ?? 0) }
}

function tableOf(few: Writes, many: Writes): Table {
  const row = (what: string, name: keyof Writes) => ({
    'per call': what,
    'runs of 20 calls': few[name],
    'runs of 100 calls': many[name],
    'times as many': many[name] / few[name],
  })
  return {
    title: 'What a call writes (dependent calls, one run at a time; creating, planning and finishing the run included)',
    rows: [row('statements', 'statements'), row('write transactions', 'transactions'), row('bytes of WAL', 'walBytes')],
  }
}

function barsOf(few: Writes, many: Writes): Bar[] {
  const bar = (what: string, name: keyof Writes): Bar => ({
    what: `${what} per call in runs of 100 calls, times those in runs of 20`,
    measured: many[name] / few[name],
    sense: 'at most',
    limit: 1.05,
  })
  return [bar('statements', 'statements'), bar('write transactions', 'transactions'), bar('bytes of WAL', 'walBytes')]
}
