import type postgres from 'postgres'
import { ConnectionEndedError } from './line.ts'

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

export type TransactionMode = 'READ ONLY'

export type Work<Result> = (transaction: Statements) => Promise<Result>

/** Transactions, each on a connection to itself, so many at a time. */
export interface Transactions {
  run<Result>(work: Work<Result>, mode?: TransactionMode): Promise<Result>
  end(options?: { timeout?: number }): Promise<void>
}

/** Lends connections for transactions, each as a pool of its own. */
export interface Lender {
  lend(): Pool
  giveBack(pool: Pool): void
  end(options?: { timeout?: number }): Promise<void>
}

/** Lends new pools of one connection, and those again that came back. */
export function lendNew(open: () => Pool): Lender {
  let idle: Pool[] = []
  let isEnding = false
  return {
    lend() {
      idle = idle.filter(({ ended }) => !ended.aborted)
      return idle.pop() ?? open()
    },
    giveBack(pool) {
      if (isEnding) void pool.sql.end({ timeout: 0 })
      else if (!pool.ended.aborted) idle.push(pool)
    },
    async end(options) {
      isEnding = true
      await Promise.all(idle.map(({ sql }) => sql.end(options)))
    },
  }
}

/** Runs as many transactions at a time as are said; others wait for their turn. */
export function openTransactions(max: number, lender: Lender): Transactions {
  let free = max
  const waiting: (() => void)[] = []
  return {
    async run(work, mode) {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else free -= 1
      const pool = lender.lend()
      try {
        return await transact(pool, work, mode)
      } finally {
        lender.giveBack(pool)
        const next = waiting.shift()
        if (next) next()
        else free += 1
      }
    },
    end: lender.end,
  }
}

/**
 * Runs a transaction on a pool of one connection, and undoes it where the work throws. Rejects as soon as the connection has
 * ended, whatever the work does, and lets none of its statements through after that: they would be outside of it.
 */
async function transact<Result>(pool: Pool, work: Work<Result>, mode?: TransactionMode): Promise<Result> {
  const { sql, ended } = pool
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => {})
  const onEnd = () => lost.reject(new ConnectionEndedError())
  ended.addEventListener('abort', onEnd)
  try {
    await sql.unsafe(`BEGIN ${mode ?? ''}`)
    const result = await Promise.race([work(whileConnected(pool)), lost.promise])
    const { command } = await whileConnected(pool)`COMMIT`
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back, for one of its statements has failed')
    return result
  } catch (error) {
    if (!ended.aborted) await sql`ROLLBACK`
    throw error
  } finally {
    ended.removeEventListener('abort', onEnd)
  }
}

/** The client, for as long as its connection has not ended. */
function whileConnected({ sql, ended }: Pool): Statements {
  const throwIfEnded = () => {
    if (ended.aborted) throw new ConnectionEndedError()
  }
  return new Proxy(sql, {
    apply(target, self, given) {
      throwIfEnded()
      return Reflect.apply(target, self, given)
    },
    get(target, name) {
      throwIfEnded()
      return Reflect.get(target, name)
    },
  })
}
