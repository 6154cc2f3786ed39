import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import { unlessUnavailable } from './patience.ts'
import { isUnavailable, LeaseLostError } from './record-errors.ts'

/** A run that this holder works on. A lease only saves work: what keeps a run's record single-writer is the fence. */
export interface Lease {
  readonly run_id: string
  /**
   * Aborted once this holder can no longer be sure that the run is its own: the renewal found another holder, or no renewal
   * succeeded for longer than the lease lasts. The run is not taken again by this holder before `release`.
   */
  readonly lost: AbortSignal
  /** Asks Postgres whether the run is still this holder's. */
  confirm(): Promise<boolean>
  /**
   * Gives the run back as it is; harmless when the lease was lost meanwhile, or when Postgres is away. `again` is when it is
   * due next, unless its `wake_at` has changed since it was taken: then somebody woke it, or its record says when.
   */
  release(again?: Date): Promise<void>
}

/** How long a lease outlives its holder, and how often a live holder renews it. */
export interface LeaseTimes {
  leaseMs: number
  renewMs: number
}

/** The leases of one process start, all renewed by one statement. */
export interface HeldLeases {
  has(run_id: string): boolean
  /** Runs that are not given back although their lease may have ended: this holder must not take them anew. */
  unsure(): string[]
  /** Keeps a lease that was asked for at `asked` (by `performance.now()`) until it is given back. */
  keep(run_id: string, asked: number, wake_at: Date | null): Lease
  /** Gives everything back. */
  releaseAll(): Promise<void>
}

interface Held {
  run_id: string
  /** By `performance.now()`, which no change of the clock moves; never later than what Postgres was told. */
  sureUntil: number
  lost: AbortController
}

/** `sql` is a client of the role `remit_journal`; `holder` is unique to this process start. */
export function openHeldLeases(sql: Sql, holder: string, { leaseMs, renewMs }: LeaseTimes): HeldLeases {
  const held = new Map<string, Held>()
  let ticking: NodeJS.Timeout | undefined
  let renewing: Promise<void> | undefined
  let renewedAt = 0

  const tick = () => {
    const now = performance.now()
    for (const one of held.values()) if (one.sureUntil <= now) lose(one)
    if (renewing || now - renewedAt < renewMs) return
    renewedAt = now
    renewing = renew(now)
      // Postgres is away, or says why it will not: either way the leases end by themselves when they are due.
      .catch(() => {})
      .finally(() => {
        renewing = undefined
      })
  }

  const renew = async (asked: number): Promise<void> => {
    const live = [...held.values()].filter(({ lost }) => !lost.signal.aborted)
    if (live.length === 0) return
    const answers = await renewLeases(sql, holder, leaseMs, live)
    for (const one of live) {
      if (held.get(one.run_id) !== one) continue
      const answer = answers.get(one.run_id)
      if (answer === 'renewed') one.sureUntil = asked + leaseMs
      else if (answer === 'lost') lose(one)
    }
  }

  const giveBack = async (leases: readonly Held[]): Promise<void> => {
    try {
      await releaseLeases(sql, holder, leases)
    } catch (error) {
      if (!isUnavailable(error)) throw error
    } finally {
      for (const one of leases) if (held.get(one.run_id) === one) held.delete(one.run_id)
      if (held.size === 0) stopTicking()
    }
  }

  const stopTicking = () => {
    clearInterval(ticking)
    ticking = undefined
  }

  return {
    has: (run_id) => held.has(run_id),
    unsure() {
      const now = performance.now()
      return [...held.values()].flatMap(({ run_id, sureUntil }) => (sureUntil <= now ? [run_id] : []))
    },
    keep(run_id, asked, wake_at) {
      const one: Held = { run_id, sureUntil: asked + leaseMs, lost: new AbortController() }
      held.set(run_id, one)
      // Looked at more often than renewed, so that a loss is known soon after it happens.
      ticking ??= setInterval(tick, renewMs / 4).unref()
      let released: Promise<void> | undefined
      return {
        run_id,
        lost: one.lost.signal,
        confirm: () =>
          unlessUnavailable(async () => {
            const [row] = await sql`
              SELECT FROM remit.runs WHERE run_id = ${run_id} AND lease_owner = ${holder} AND lease_until > now()`
            return row !== undefined
          }),
        release(again) {
          released ??= (again ? putOff(sql, holder, run_id, { from: wake_at, to: again }) : Promise.resolve()).then(
            () => giveBack([one]),
          )
          return released
        },
      }
    },
    async releaseAll() {
      stopTicking()
      await renewing
      await giveBack([...held.values()])
    },
  }
}

function lose({ run_id, lost }: Held): void {
  if (!lost.signal.aborted) lost.abort(new LeaseLostError(run_id))
}

/**
 * Renews what this holder still has. A row that another transaction has locked, such as an append that changes the status,
 * is left for the next time rather than waited for: two statements over many rows would end in a deadlock.
 */
async function renewLeases(
  sql: Sql,
  holder: string,
  leaseMs: number,
  leases: readonly Held[],
): Promise<Map<string, 'renewed' | 'lost'>> {
  const ids = arrayOf(leases.map(({ run_id }) => run_id))
  const rows = await sql<{ run_id: string; became: 'renewed' | 'lost' }[]>`
    WITH mine AS (
      SELECT run_id FROM remit.runs WHERE run_id = ANY (${ids}::uuid[]) AND lease_owner = ${holder}
      FOR NO KEY UPDATE SKIP LOCKED
    ), renewed AS (
      UPDATE remit.runs AS run SET lease_until = now() + make_interval(secs => ${leaseMs / 1000})
      FROM mine WHERE run.run_id = mine.run_id RETURNING run.run_id
    )
    SELECT run_id, 'renewed' AS became FROM renewed
    UNION ALL
    SELECT run_id, 'lost' FROM remit.runs WHERE run_id = ANY (${ids}::uuid[]) AND lease_owner IS DISTINCT FROM ${holder}`
  return new Map(rows.map(({ run_id, became }) => [run_id, became]))
}

async function putOff(
  sql: Sql,
  holder: string,
  run_id: string,
  { from, to }: { from: Date | null; to: Date },
): Promise<void> {
  try {
    await sql`
      UPDATE remit.runs SET wake_at = ${to}
      WHERE run_id = ${run_id} AND lease_owner = ${holder} AND wake_at IS NOT DISTINCT FROM ${from}
        AND status IN ('queued', 'running', 'waiting', 'compensating')`
  } catch (error) {
    if (!isUnavailable(error)) throw error
  }
}

async function releaseLeases(sql: Sql, holder: string, leases: readonly Held[]): Promise<void> {
  if (leases.length === 0) return
  await sql`
    UPDATE remit.runs SET lease_owner = NULL, lease_until = NULL
    WHERE run_id = ANY (${arrayOf(leases.map(({ run_id }) => run_id))}::uuid[]) AND lease_owner = ${holder}`
}
