import { openPool, type PoolOptions, type Statements } from './pool.ts'
import { openRenewedPools } from './renewed-pools.ts'
import { type Lender, lendNew, openTransactions, type TransactionMode, type Work } from './transactions.ts'

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
export interface ConnectOptions extends Omit<PoolOptions, 'onNotice'> {
  /** Called whenever one of its connections has ended, or could not be made. */
  onClose?: (() => void) | undefined
  /** After so many seconds without a new statement, more than one takes, its connections end until the next. They stay unless said. */
  idleSeconds?: number
}

/**
 * Opens a client that connects when first used. postgres.js goes on with what it knows of a connection after that has ended,
 * and is not always right: a statement is never sent, or gets the error of another; the rest of a transaction runs outside of
 * it; the process crashes (porsager/postgres#1133, #1193, #1216). So nothing is used again here: once a connection has ended,
 * new statements go to a new pool, and what is still under way in the old one is ended soon. Transactions have connections to
 * themselves, so many again as `max`; of a client of one connection, a transaction has that one.
 */
export function connect(url: string, options: ConnectOptions): Sql {
  const { max, onClose = () => {}, idleSeconds } = options
  const pools = openRenewedPools(() => openPool(url, options), onClose)
  const openSingle = () => {
    const pool = openPool(url, { ...options, max: 1 })
    pool.ended.addEventListener('abort', onClose)
    return pool
  }
  const only: Lender = { lend: () => pools.current, giveBack: () => {}, endIdle: () => {}, end: async () => {} }
  const transactions = openTransactions(max, max === 1 ? only : lendNew(openSingle))
  const endIdle = () => {
    if (transactions.count > 0) return
    pools.endIdle()
    transactions.endIdle()
  }
  const idling = idleSeconds === undefined ? undefined : setTimeout(endIdle, idleSeconds * 1_000).unref()
  const own = {
    begin: <Result>(work: Work<Result>, mode?: TransactionMode) =>
      transactions.run(work, mode).finally(() => idling?.refresh()),
    async end(given?: { timeout?: number }): Promise<void> {
      await Promise.all([pools.end(given), transactions.end(given)])
    },
  }
  return new Proxy(pools.current.sql, {
    apply(_, self, given) {
      idling?.refresh()
      return Reflect.apply(pools.current.sql, self, given)
    },
    get(_, name) {
      idling?.refresh()
      return Reflect.get(name in own ? own : pools.current.sql, name)
    },
  }) as unknown as Sql
}

/** Opens a client of one connection for `work`, and closes it whatever happens. */
export async function withClient<Result>(
  url: string,
  name: string,
  work: (sql: Sql) => Promise<Result>,
  settings: Record<string, string> = {},
): Promise<Result> {
  const sql = connect(url, { max: 1, name, settings })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
