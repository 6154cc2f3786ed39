import postgres from 'postgres'

/** What Postgres itself says is wrong with a statement: `code` is its SQLSTATE. Its text can quote data. */
export const PostgresError = postgres.PostgresError

/**
 * The connection ended before its transaction was to be stored, or before the statement was sent: nothing was done. The code
 * is that of what ended it, where anybody said so.
 */
export class ConnectionEndedError extends Error {
  override readonly name = 'ConnectionEndedError'
  readonly code: string

  constructor(cause?: unknown) {
    super('the connection to Postgres has ended', { cause })
    this.code = errorCode(cause) || 'CONNECTION_CLOSED'
  }
}

/** The connection ended after COMMIT was sent and before it was answered: nobody knows whether the transaction was stored. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError'
  readonly code: string

  constructor(cause: unknown) {
    super('the connection to Postgres has ended without an answer to COMMIT', { cause })
    this.code = errorCode(cause)
  }
}

/** SQLSTATE of an error of Postgres, or the code of an error of the connection to it. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** True where the connection failed and not the statement: it could not be made, it broke, or Postgres ended it. */
export function isConnectionError(error: unknown): boolean {
  return /^(CONNECT|CONNECTION_\w+|CONNECT_TIMEOUT|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN)|0800\d|57P0[12])$/.test(
    errorCode(error),
  )
}
