import { arrayOf } from '../../shared/postgres/array-of.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import type { Mode } from '../model/event.ts'
import { type Lease, type LeaseTimes, openHeldLeases } from './held-leases.ts'
import { patienceOf, unlessUnavailable, whileUnavailable } from './patience.ts'
import { openRunSignals } from './run-signals.ts'

/**
 * Which runs need work, and who works on them. A run is due when it has not ended, its `wake_at` has come (or it has none
 * and does not wait), and nobody holds it; a run whose holder died is due again when the lease ends. All reject with a
 * RecordUnavailableError while Postgres is away.
 */
export interface RunQueue {
  /** Takes one run for this holder, whatever its status, or says who has it. */
  take(run_id: string): Promise<Lease | { heldBy: string }>
  /**
   * Leases up to `most` runs that are due, those waiting longest first. Only runs of the mode: what was begun on real vendors
   * is not for emulators to go on with, nor the other way round.
   */
  claim(most: number, mode: Mode): Promise<Lease[]>
  /** Makes a run due at an instant (now unless said; only ever earlier than it was) and tells who listens. */
  wake(run_id: string, at?: Date): Promise<void>
  /** Tells who listens that the record of a run has grown or that it is due; nothing is stored. */
  notify(run_id: string): Promise<void>
  /**
   * Calls back with the id of each run that was woken or has grown, in any process, and with undefined after a
   * reconnection: anything may have happened meanwhile. Needs a direct connection.
   */
  listen(onWake: (run_id: string | undefined) => void): Promise<{ close(): Promise<void> }>
  /** How many runs are due now and nobody holds them. */
  countDue(mode: Mode): Promise<number>
  /** When the next run that nobody holds becomes due by its `wake_at`; an instant that has passed means now. */
  nextDue(mode: Mode): Promise<Date | undefined>
}

export interface RunQueueOptions extends Partial<LeaseTimes> {
  /** Of the role `remit_journal`. */
  url: string
  /** For wakes, which must be durable: a client whose commits are. */
  sql: Sql
  /** Names this process to people, and is unlike that of any other process start. */
  holder: string
  /** Milliseconds that a wake or a notice may wait for a Postgres that is away. */
  patienceMs: number
  /** Called when a connection to Postgres has ended or could not be made. */
  onClose?: () => void
}

/** A run without `wake_at` is due from its creation, by the clock of the machine that created it. */
const clockSkew = '1 minute'

/** Opens the queue; `close` gives back what is still held. */
export function openRunQueue({
  url,
  sql: durable,
  holder,
  patienceMs,
  onClose,
  leaseMs = 3_000,
  renewMs = 1_000,
}: RunQueueOptions): RunQueue & { close(): Promise<void> } {
  // A lease that a crash of Postgres undoes costs nothing, so its commit waits for no disk.
  const sql = connect(url, { max: 2, name: 'queue', settings: { synchronous_commit: 'off' }, onClose })
  const leases = openHeldLeases(sql, holder, { leaseMs, renewMs })
  const signals = openRunSignals(sql, url, patienceMs)
  const leaseSeconds = leaseMs / 1000

  return {
    take: (run_id) =>
      unlessUnavailable(async () => {
        if (leases.has(run_id)) return { heldBy: holder }
        const asked = performance.now()
        const [row] = await sql<{ wake_at: Date | null }[]>`
          UPDATE remit.runs SET lease_owner = ${holder}, lease_until = now() + make_interval(secs => ${leaseSeconds})
          WHERE run_id = ${run_id} AND (lease_until IS NULL OR lease_until < now() OR lease_owner = ${holder})
          RETURNING wake_at`
        if (!row) return { heldBy: await holderOf(sql, run_id) }
        return leases.has(run_id) ? { heldBy: holder } : leases.keep(run_id, asked, row.wake_at)
      }),
    claim: (most, mode) =>
      unlessUnavailable(async () => {
        const asked = performance.now()
        const rows = await sql<{ run_id: string; due_at: Date; wake_at: Date | null }[]>`
          WITH due AS (
            SELECT run_id FROM remit.runs
            WHERE status IN ('queued', 'running', 'waiting', 'compensating')
              AND due_at <= now() + ${clockSkew}::interval AND (wake_at IS NULL OR wake_at <= now())
              AND (lease_until IS NULL OR lease_until < now())
              AND run_id <> ALL (${arrayOf(leases.unsure())}::uuid[]) AND mode = ${mode}
            ORDER BY due_at, run_id LIMIT ${most} FOR NO KEY UPDATE SKIP LOCKED
          )
          UPDATE remit.runs AS run SET lease_owner = ${holder}, lease_until = now() + make_interval(secs => ${leaseSeconds})
          FROM due WHERE run.run_id = due.run_id RETURNING run.run_id, run.due_at, run.wake_at`
        return rows
          .filter(({ run_id }) => !leases.has(run_id))
          .toSorted((a, b) => a.due_at.getTime() - b.due_at.getTime())
          .map(({ run_id, wake_at }) => leases.keep(run_id, asked, wake_at))
      }),
    async wake(run_id, at) {
      await whileUnavailable(
        patienceOf(patienceMs),
        () => durable`
          UPDATE remit.runs AS run SET wake_at = wake.at, updated_at = now()
          FROM (SELECT coalesce(${at ?? null}::timestamptz, date_trunc('milliseconds', now())) AS at) AS wake
          WHERE run_id = ${run_id} AND status IN ('queued', 'running', 'waiting', 'compensating')
            AND (wake_at > wake.at OR wake_at IS NULL AND status = 'waiting')`,
      )
      await signals.notify(run_id)
    },
    notify: signals.notify,
    listen: signals.listen,
    countDue: (mode) =>
      unlessUnavailable(async () => {
        const [row] = await sql<{ due: number }[]>`
          SELECT count(*)::integer AS due FROM remit.runs
          WHERE status IN ('queued', 'running', 'waiting', 'compensating') AND due_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) AND mode = ${mode}`
        return row?.due ?? 0
      }),
    nextDue: (mode) =>
      unlessUnavailable(async () => {
        const [row] = await sql<{ wake_at: Date }[]>`
          SELECT wake_at FROM remit.runs
          WHERE status IN ('queued', 'running', 'waiting', 'compensating') AND wake_at IS NOT NULL
            AND (lease_until IS NULL OR lease_until < now()) AND mode = ${mode}
          ORDER BY due_at LIMIT 1`
        return row?.wake_at
      }),
    async close() {
      await leases.releaseAll()
      await sql.end({ timeout: 1 })
    },
  }
}

async function holderOf(sql: Sql, run_id: string): Promise<string> {
  const [row] = await sql<{ lease_owner: string | null }[]>`
    SELECT lease_owner FROM remit.runs WHERE run_id = ${run_id}`
  if (!row) throw new RangeError(`there is no run ${run_id} in the record`)
  return row.lease_owner ?? 'a process that has just let it go'
}
