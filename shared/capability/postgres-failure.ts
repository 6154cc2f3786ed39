import { CapabilityError, UncertainError } from '../failure.ts'
import { neverSent } from '../never-sent.ts'
import { CommitUnknownError, ConnectionEndedError, errorCode, isConnectionError } from '../postgres/postgres-errors.ts'

/** Of which database a failure speaks, and whether what was asked of it could have changed anything. */
interface Asked {
  /** As people know it: `the organizations database`. */
  database: string
  effect: boolean
}

/**
 * Runs statements and transactions of our client for Postgres and turns what it throws into failures as data. A connection
 * that was lost under a statement with an effect, or under a COMMIT, is an {@link UncertainError}; before that nothing was
 * done, and it is `unavailable`. Errors that are not Postgres's pass unchanged.
 */
export async function onPostgres<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw postgresFailure(error, asked)
  }
}

/** Nothing was sent: postgres.js says so before a connection exists. */
const neverConnected = new Set(['CONNECT_TIMEOUT', 'CONNECTION_ENDED'])

/** The failure that an error of Postgres stands for; Postgres's own text stays in `cause`, since it can quote data. */
export function postgresFailure(error: unknown, asked: Asked): unknown {
  const code = errorCode(error)
  if (!(error instanceof Error) || code === '') return error
  const details = { cause: error, vendor_code: code }
  if (error instanceof CommitUnknownError) return lost(code, error, asked)
  if (neverConnected.has(code) || neverSent(error))
    return new CapabilityError('unavailable', `${asked.database} cannot be reached (${code})`, details)
  if (error instanceof ConnectionEndedError)
    return new CapabilityError(
      'unavailable',
      `The connection to ${asked.database} was lost before this was stored (${code})`,
      details,
    )
  if (isConnectionError(error)) return lost(code, error, asked)
  return error.name === 'PostgresError' ? ofSqlState(code, error, asked) : error
}

/** SQLSTATEs, by PostgreSQL's appendix "Error Codes". */
function ofSqlState(code: string, cause: Error, asked: Asked): Error {
  const details = { cause, vendor_code: code }
  if (code === '42501' || code.startsWith('28'))
    return new CapabilityError('unauthorized', `${asked.database} does not allow this (SQLSTATE ${code})`, details)
  if (code.startsWith('08')) return lost(code, cause, asked)
  if (/^(40|53)|^(55P03|57014|57P03)$/.test(code))
    return new CapabilityError('unavailable', `${asked.database} cannot do this now (SQLSTATE ${code})`, details)
  if (code.startsWith('22'))
    return new CapabilityError('invalid_input', `${asked.database} cannot hold a value (SQLSTATE ${code})`, details)
  return new CapabilityError('internal', `${asked.database} refused a statement (SQLSTATE ${code})`, details)
}

function lost(code: string, cause: Error, { database, effect }: Asked): Error {
  const details = { cause, vendor_code: code }
  return effect
    ? new UncertainError(`The connection to ${database} was lost before it answered (${code})`, details)
    : new CapabilityError('unavailable', `The connection to ${database} was lost (${code})`, details)
}
