import { setTimeout as sleep } from 'node:timers/promises'
import { type Home, openHome } from '../../../orchestrator/home/home.ts'
import { joinHome } from '../../../orchestrator/home/shared-process.ts'
import type { RunStatus } from '../../../orchestrator/model/run.ts'
import { fold, type Situation } from '../../../orchestrator/model/situation.ts'
import type { OpenPursuits } from '../../../orchestrator/open-pursuits.ts'
import { remitDatabase } from '../../../orchestrator/record/bootstrap.ts'
import { type OpenRecord, openRecord, type RecordOptions } from '../../../orchestrator/record/open-record.ts'
import { patienceOf, whileUnavailable } from '../../../orchestrator/record/patience.ts'
import { connect, type Sql } from '../../../shared/postgres/connect.ts'
import { withUrl } from '../../../shared/postgres/with-url.ts'
import { removePlacedData } from '../placed-data.ts'
import { createTestDatabase } from '../postgres.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { discrepancies } from './discrepancies.ts'
import { pursuitsOnStations } from './pursuits-on-stations.ts'
import { createVendorTable, type Effect } from './vendor-table.ts'
import { startWorkerProcess, type WorkerOptions, type WorkerProcess } from './worker-process.ts'

/** A run as the table of runs has it. */
export interface RunRow {
  run_id: string
  goal: string
  status: RunStatus
  /** Who holds it, where that lease has not ended. */
  lease_owner: string | null
}

/** A record and stations in one Postgres, and worker processes on them; the test is one more process beside those. */
export interface Yard extends AsyncDisposable {
  home: Home
  record: OpenRecord
  pursuing: OpenPursuits
  /** A superuser's client of the database. */
  sql: Sql
  /** Lets the guild make the item of a subject. */
  permit(subject: string): Promise<void>
  /** The owner's URL of the record, where it is not in the embedded Postgres. */
  databaseUrl: string | undefined
  /** Where the stations are. */
  vendorUrl: string
  /** Starts a worker process; it is killed when the yard closes. */
  startWorker(more?: Partial<WorkerOptions>): WorkerProcess
  runs(): Promise<RunRow[]>
  /** Resolves once every run has ended; says which have not where that takes too long. */
  untilEnded(): Promise<void>
  effects(): Promise<Effect[]>
  situation(runId: string): Promise<Situation>
  /** What is wrong once all runs are to have ended: with the runs, the stations, the chains, the leases. */
  faults(): Promise<string[]>
}

/** How long a test waits for what has to come, on a machine that is busy with others. */
const patienceMs = 150_000

const ended: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled']

/** A yard on a database of its own in the Postgres that the tests share. */
export async function openYard(): Promise<Yard> {
  const { home, ownerUrl: databaseUrl, url: vendorUrl, drop } = await createTestDatabase()
  return openYardOn({ home, membership: await joinHome(home), databaseUrl }, () => vendorUrl, drop)
}

/** A yard on an embedded Postgres of its own, which a test may kill. */
export async function openYardOfItsOwn(): Promise<Yard> {
  const folder = await temporaryFolder('remit-yard-')
  const home = openHome(`${folder.path}/home`)
  const membership = await joinHome(home)
  const vendorUrl = ({ embedded }: OpenRecord) => withUrl(embedded?.adminUrl ?? '', { database: remitDatabase })
  return openYardOn({ home, membership }, vendorUrl, async () => {
    await removePlacedData(home)
    await folder.remove()
  })
}

async function openYardOn(
  place: RecordOptions,
  vendorUrlOf: (record: OpenRecord) => string,
  remove: () => Promise<void>,
): Promise<Yard> {
  // The test waits for a Postgres that is away, however long that takes.
  const record = await openRecord({ ...place, patienceMs })
  const vendorUrl = vendorUrlOf(record)
  await createVendorTable(vendorUrl)
  const pursuing = await pursuitsOnStations(record)
  const sql = connect(vendorUrl, { max: 2, name: 'test' })
  const workers: WorkerProcess[] = []
  const { path: home } = place.home
  const runs = () =>
    whileUnavailable(
      patienceOf(patienceMs),
      () => sql<RunRow[]>`
        SELECT run_id, goal, status, CASE WHEN lease_until > now() THEN lease_owner END AS lease_owner
        FROM remit.runs ORDER BY run_id`,
    )
  const effects = () => sql<Effect[]>`SELECT station, subject, run_id, key, removed FROM vendor.effects ORDER BY id`
  const situation = async (runId: string) => fold(await record.journal.read(runId))
  return {
    home: place.home,
    record,
    pursuing,
    sql,
    databaseUrl: place.databaseUrl,
    vendorUrl,
    startWorker(more = {}) {
      const latency = { slowShare: 0.1, slowMs: 600, pressMs: 2_000 }
      const worker = startWorkerProcess({
        home,
        ...(place.databaseUrl === undefined ? {} : { databaseUrl: place.databaseUrl }),
        vendorUrl,
        most: 16,
        graceMs: 20_000,
        latency,
        ...more,
      })
      workers.push(worker)
      return worker
    },
    async permit(subject) {
      await whileUnavailable(
        patienceOf(patienceMs),
        () => sql`INSERT INTO vendor.permits VALUES (${subject}) ON CONFLICT DO NOTHING`,
      )
    },
    runs,
    async untilEnded() {
      for (const end = Date.now() + patienceMs; ; await sleep(100)) {
        const open = (await runs()).filter(({ status }) => !ended.includes(status))
        if (open.length === 0) return
        if (Date.now() > end) throw new Error(`these have not ended: ${JSON.stringify(open, undefined, 2)}`)
      }
    },
    effects,
    situation,
    async faults() {
      const rows = await runs()
      const situations = await Promise.all(rows.map(({ run_id }) => situation(run_id)))
      await record.signHeads()
      const { problems } = await record.verifier.verifyAll()
      return [
        ...discrepancies(situations, await effects()),
        ...problems.map(({ run_id, seq, what }) => `the chain of ${run_id} at ${seq}: ${what}`),
        ...rows.flatMap(({ run_id, lease_owner }) =>
          lease_owner === null ? [] : [`${run_id} is held by ${lease_owner}`],
        ),
      ]
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
      await sql.end({ timeout: 1 })
      await pursuing.close()
      await record.close()
      await place.membership.leave()
      await remove()
    },
  }
}
