import { setTimeout as sleep } from 'node:timers/promises'
import { connectSeconds, type Pool, type Statements } from './pool.ts'
import { CommitUnknownError, ConnectionEndedError, errorCode, isConnectionError } from './postgres-errors.ts'

export type TransactionMode = 'READ ONLY'

export type Work<Result> = (transaction: Statements) => Promise<Result>

/** Transactions, each on a connection to itself, so many at a time. */
export interface Transactions {
  run<Result>(work: Work<Result>, mode?: TransactionMode): Promise<Result>
  /** How many are under way or wait. */
  readonly count: number
  /** Ends the connections that none of them has now. */
  endIdle(): void
  end(options?: { timeout?: number }): Promise<void>
}

/** Lends connections for transactions, each as a pool of its own. */
export interface Lender {
  lend(): Pool
  giveBack(pool: Pool): void
  /** Ends what is not lent now. */
  endIdle(): void
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
    endIdle() {
      for (const { sql } of idle.splice(0)) void sql.end({ timeout: 0 })
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
    get count() {
      return max - free + waiting.length
    },
    async run(work, mode) {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else free -= 1
      try {
        const pool = await beginSoon(lender, mode)
        try {
          return await transact(pool, work)
        } finally {
          lender.giveBack(pool)
        }
      } finally {
        const next = waiting.shift()
        if (next) next()
        else free += 1
      }
    },
    endIdle: lender.endIdle,
    end: lender.end,
  }
}

/** SQLSTATE `too_many_connections`: of the role, of the database, or of all. */
const noneLeft = '53300'

/**
 * A pool of one connection, in a new transaction. Where Postgres has no connection left, others have them, in this process or
 * in another: one is waited for as a turn is, for as long as a connection may take.
 */
async function beginSoon(lender: Lender, mode: TransactionMode | undefined): Promise<Pool> {
  const until = performance.now() + connectSeconds * 1_000
  for (;;) {
    const pool = lender.lend()
    try {
      await begin(pool, mode)
      return pool
    } catch (error) {
      lender.giveBack(pool)
      if (errorCode(error) !== noneLeft || performance.now() > until) throw error
      // Apart from each other: all of them wait for the same.
      await sleep(100 + Math.random() * 200)
    }
  }
}

async function begin(pool: Pool, mode: TransactionMode | undefined): Promise<void> {
  try {
    await pool.sql.unsafe(`BEGIN ${mode ?? ''}`)
  } catch (error) {
    await undo(pool)
    throw pool.ended.aborted ? unstored(error) : error
  }
}

/**
 * Runs a transaction that has begun on a pool of one connection, and undoes it where the work throws. Rejects as soon as the connection has
 * ended, whatever the work does, and lets none of its statements through after that: they would be outside of it. Throws a
 * CommitUnknownError where it may be stored all the same; with any other error, it is not.
 */
async function transact<Result>(pool: Pool, work: Work<Result>): Promise<Result> {
  const { ended } = pool
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => {})
  const onEnd = () => lost.reject(new ConnectionEndedError())
  ended.addEventListener('abort', onEnd)
  try {
    const result = await Promise.race([work(whileConnected(pool)), lost.promise])
    await commit(pool)
    return result
  } catch (error) {
    if (error instanceof CommitUnknownError) throw error
    await undo(pool)
    throw ended.aborted ? unstored(error) : error
  } finally {
    ended.removeEventListener('abort', onEnd)
  }
}

async function commit(pool: Pool): Promise<void> {
  const answered = whileConnected(pool)`COMMIT`
  const { command } = await answered.catch((error: unknown) => {
    throw isConnectionError(error) ? new CommitUnknownError(error) : error
  })
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back, for one of its statements has failed')
}

/** Of an error of a connection that has ended: its transaction was not stored, whatever was under way. */
function unstored(error: unknown): unknown {
  return isConnectionError(error) && !(error instanceof ConnectionEndedError) ? new ConnectionEndedError(error) : error
}

/** Where the connection ends meanwhile, Postgres undoes it; a connection that did not undo it is not lent again. */
async function undo({ sql, ended }: Pool): Promise<void> {
  if (!ended.aborted) await sql`ROLLBACK`.catch(() => sql.end({ timeout: 0 }))
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
