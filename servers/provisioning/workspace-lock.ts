import type { Sql } from '../../shared/postgres/connect.ts'

/**
 * Does the work while nobody else has the lock of this workspace; throws, with nothing done, where it is not to be had. The
 * lock ends with its connection, even before the work does: then the signal aborts, and what comes of the work counts.
 */
export async function withWorkspaceLock<Result>(
  sql: Sql,
  workspaceId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const lost = new AbortController()
  let working: Promise<Result> | undefined
  try {
    await sql.begin(async (transaction) => {
      await transaction`set local idle_in_transaction_session_timeout = 0`
      await transaction`select pg_advisory_xact_lock(hashtextextended(${`remit workspace ${workspaceId}`}, 0))`
      working = work(AbortSignal.any([signal, lost.signal]))
      await Promise.allSettled([working])
    })
  } catch (error) {
    if (!working) throw error
    lost.abort(error)
  }
  return working as Promise<Result>
}
