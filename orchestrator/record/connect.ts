import postgres from 'postgres'

/** A postgres.js client: rows as plain objects, notices unheard, reconnecting at once. */
export type Sql = postgres.Sql<Record<string, never>>

/** The client within a transaction. */
export type TransactionSql = postgres.TransactionSql<Record<string, never>>

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

/** Opens a client that connects when first used. */
export function connect(url: string, { max, name, settings, onClose = () => {} }: ConnectOptions): Sql {
  return postgres(url, {
    max,
    connection: { ...settings, application_name: `remit ${name}` },
    onnotice: () => {},
    onclose: onClose,
    connect_timeout: 10,
    backoff: () => 0.05,
    fetch_types: false,
  })
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
