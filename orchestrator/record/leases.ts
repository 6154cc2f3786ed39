import type { Sql } from './connect.ts'

/** Who works on a run at the moment. A lease only saves work: what keeps a run's record single-writer is the fence. */
export interface Lease {
  /** Gives the run back; harmless when the lease was lost meanwhile. */
  release(): Promise<void>
}

export interface Leases {
  /** Takes the run for this holder and keeps it until released, or says who has it. */
  take(run_id: string): Promise<Lease | { heldBy: string }>
}

/** How long a lease outlives its holder, and how often a live holder renews it. */
const lease = { seconds: 10, renewMs: 3_000 }

/** Leases over a client of the role `remit_journal`. `holder` names this process to people. */
export function openLeases(sql: Sql, holder: string): Leases {
  const claim = (run_id: string) => sql`
    UPDATE remit.runs SET lease_owner = ${holder}, lease_until = now() + make_interval(secs => ${lease.seconds})
    WHERE run_id = ${run_id} AND (lease_owner = ${holder} OR lease_until IS NULL OR lease_until < now())`
  return {
    async take(run_id) {
      const { count } = await claim(run_id)
      if (count === 0) {
        const [row] = await sql<{ lease_owner: string }[]>`SELECT lease_owner FROM remit.runs WHERE run_id = ${run_id}`
        return { heldBy: row?.lease_owner ?? 'nobody: there is no such run' }
      }
      const renewal = setInterval(() => void claim(run_id).catch(() => {}), lease.renewMs)
      renewal.unref()
      return {
        async release() {
          clearInterval(renewal)
          await sql`UPDATE remit.runs SET lease_owner = NULL, lease_until = NULL
            WHERE run_id = ${run_id} AND lease_owner = ${holder}`
        },
      }
    },
  }
}
