import type { Owner } from '../model/run.ts'
import type { Sql } from './connect.ts'

/** On whose behalf a run acts, and whose data it may touch. Throws where there is no such run. */
export async function runOwner(sql: Sql, run_id: string): Promise<Owner> {
  const [owner] = await sql<Owner[]>`SELECT tenant, principal FROM remit.runs WHERE run_id = ${run_id}`
  if (!owner) throw new RangeError(`there is no run ${run_id} in the record`)
  return owner
}
