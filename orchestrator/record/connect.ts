import postgres from 'postgres'
import { ConnectionEndedError, openLine } from './line.ts'
import {
  type Lender,
  lendNew,
  openTransactions,
  type Pool,
  type Statements,
  type TransactionMode,
  type Work,
} from './transactions.ts'

/** A client: rows as plain objects, notices unheard, reconnecting at once. */
export interface Sql extends Statements {
  /** Runs a transaction, and undoes it where the work throws or its connection ends. */
  begin<Result>(work: Work<Result>, mode?: TransactionMode): Promise<Result>
  /** Ends its connections once what is under way has; after `timeout` seconds at once. */
  end(options?: { timeout?: number }): Promise<void>
}

/** The client within a transaction. */
export type TransactionSql = Statements

/** How a client connects. */
export interface ConnectOptions {
  /** Its number of connections. */
  max: number
  /** What Postgres shows of it, after `remit`. */
  name: string
  /** Postgres's own, for the session. */
  settings?: Record<string, string>
  /** Called whenever one of its connections has ended, or could not be made. */
  onClose?: (() => void) | undefined
}

const connectSeconds = 10

/** How long statements may go on after another connection of their pool has ended. */
const lastSeconds = 10

/**
 * Opens a client that connects when first used. postgres.js goes on with what it knows of a connection after that has ended,
 * and is not always right: a statement is never sent, or gets the error of another; the rest of a transaction runs outside of
 * it; the process crashes (porsager/postgres#1133, #1193, #1216). So nothing is used again here: once a connection has ended,
 * new statements go to a new pool, and what is still under way in the old one is ended soon. Transactions have connections to
 * themselves, so many again as `max`; of a client of one connection, a transaction has that one.
 */
export function connect(url: string, options: ConnectOptions): Sql {
  const { max, onClose = () => {} } = options
  let isEnding = false
  const pools = new Set<Pool>()
  const openRenewed = (): Pool => {
    const pool = openPool(url, options)
    pools.add(pool)
    pool.ended.addEventListener('abort', () => {
      if (!isEnding) current = openRenewed()
      onClose()
    })
    pool.gone.addEventListener('abort', () => pools.delete(pool))
    return pool
  }
  let current = openRenewed()
  const openSingle = (): Pool => {
    const pool = openPool(url, { ...options, max: 1 })
    pool.ended.addEventListener('abort', onClose)
    return pool
  }
  const only: Lender = { lend: () => current, giveBack: () => {}, end: async () => {} }
  const transactions = openTransactions(max, max === 1 ? only : lendNew(openSingle))
  const own = {
    begin: transactions.run,
    async end(given?: { timeout?: number }): Promise<void> {
      isEnding = true
      await Promise.all([...[...pools].map(({ sql }) => sql.end(given)), transactions.end(given)])
    },
  }
  return new Proxy(current.sql, {
    apply: (_, self, given) => Reflect.apply(current.sql, self, given),
    get: (_, name) => Reflect.get(name in own ? own : current.sql, name),
  }) as unknown as Sql
}

/**
 * Opens connections, none of which is made or used again once one of them has ended. What others have under way then may go
 * on for a while; with the last connection ends what still waits for one.
 */
export function openPool(
  url: string,
  { max, name, settings, onNotice }: ConnectOptions & { onNotice?(payload: string): void },
): Pool {
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

/** Opens a client of one connection for `work`, and closes it whatever happens. */
export async function withClient<Result>(
  url: string,
  name: string,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const sql = connect(url, { max: 1, name })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The same server and user on another database, or as another user. */
export function withUrl(url: string, change: { database?: string; user?: string; password?: string }): string {
  const changed = new URL(url)
  if (change.database !== undefined) changed.pathname = `/${encodeURIComponent(change.database)}`
  if (change.user !== undefined) changed.username = encodeURIComponent(change.user)
  if (change.password !== undefined) changed.password = encodeURIComponent(change.password)
  return changed.toString()
}

/** SQLSTATE of an error of Postgres, or the code of an error of the connection to it. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** An array as Postgres reads it in text. The clients do not fetch the server's types, so arrays travel as `${arrayOf(…)}::text[]`. */
export function arrayOf(values: readonly (string | number | null)[]): string {
  const items = values.map((value) =>
    value === null ? 'NULL' : `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `{${items.join(',')}}`
}
