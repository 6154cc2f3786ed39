import postgres from 'postgres'
import { openLine } from './line.ts'
import { ConnectionEndedError } from './postgres-errors.ts'

/** What runs statements: a client, or a transaction. */
export type Statements = postgres.ISql<Record<string, never>>

/** Connections of postgres.js, none of which is used again once one has ended. */
export interface Pool {
  sql: postgres.Sql<Record<string, never>>
  /** Aborted once a connection of it has ended, or could not be made. */
  ended: AbortSignal
  /** Aborted once nothing is under way in it any more, after that. */
  gone: AbortSignal
}

/** How a pool connects. */
export interface PoolOptions {
  /** Its number of connections. */
  max: number
  /** What Postgres shows of it, after `remit`. */
  name: string
  /** Postgres's own, for the session. */
  settings?: Record<string, string>
  /** Called with each notification of a channel that it listens on. */
  onNotice?: ((payload: string) => void) | undefined
}

/** How long a connection may take to be made. */
export const connectSeconds = 10

/** How long statements may go on after another connection of their pool has ended. */
export const lastSeconds = 10

/**
 * Opens connections, none of which is made or used again once one of them has ended. What others have under way then may go
 * on for a while; with the last connection ends what still waits for one.
 */
export function openPool(url: string, { max, name, settings, onNotice }: PoolOptions): Pool {
  const ended = new AbortController()
  const gone = new AbortController()
  let lines = 0
  let last: NodeJS.Timeout | undefined
  const destroy = () => {
    clearTimeout(last)
    gone.abort()
    void sql.end({ timeout: 0 })
  }
  const onEnd = () => {
    lines -= 1
    ended.abort()
    last ??= setTimeout(destroy, lastSeconds * 1_000).unref()
    if (lines === 0) destroy()
  }
  const socket = async ({ host, port }: { host: string[]; port: number[] }) => {
    if (ended.signal.aborted) throw new ConnectionEndedError()
    lines += 1
    return openLine({ host: host[0] ?? '', port: port[0] ?? 0 }, connectSeconds * 1_000, onEnd)
  }
  // The types leave out `socket`, which the manual has.
  const options = {
    max,
    socket,
    connection: { ...settings, application_name: `remit ${name}` },
    onnotice: () => {},
    ...(onNotice && { onnotify: (_: string, payload: string) => onNotice(payload) }),
    max_lifetime: null,
    connect_timeout: connectSeconds,
    fetch_types: false,
  }
  const sql: Pool['sql'] = postgres(url, options)
  return { sql, ended: ended.signal, gone: gone.signal }
}
