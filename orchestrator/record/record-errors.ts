import { errorCode, isConnectionError } from '../../shared/postgres/postgres-errors.ts'

/** Another writer has appended to the run: this worker must let it go, and may adopt it again later. */
export class FenceLostError extends Error {
  override readonly name = 'FenceLostError'
  readonly run_id: string

  constructor(run_id: string) {
    super(`run ${run_id} was continued by another worker: this one lets it go`)
    this.run_id = run_id
  }
}

/** The lease of a run has ended, or another worker has it: this worker lets the run go. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
  readonly run_id: string

  constructor(run_id: string) {
    super(`the lease of run ${run_id} was lost: another worker may go on with it`)
    this.run_id = run_id
  }
}

/**
 * Postgres is away: nothing may start that cannot be recorded first. Whether the append was stored is not known; adopt the
 * run again once Postgres is back, and go on from what that returns.
 */
export class RecordUnavailableError extends Error {
  override readonly name = 'RecordUnavailableError'

  constructor(cause: unknown) {
    super(`the record is not available: Postgres does not answer (${errorCode(cause) || 'unknown error'})`, { cause })
  }
}

/** True when the statement may have failed for want of a server, and trying again can help. */
export function isUnavailable(error: unknown): boolean {
  return isConnectionError(error) || /^(57P03|53300|25006|40001|40P01)$/.test(errorCode(error))
}

/** The fence itself: a row with this run and sequence number is there. */
export function isFenced(error: unknown): boolean {
  return errorCode(error) === '23505'
}
