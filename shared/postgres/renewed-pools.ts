import { lastSeconds, type Pool } from './pool.ts'

/** A pool for new statements, and those before it that still have some under way. */
export interface RenewedPools {
  /** Another one as soon as a connection of it has ended. */
  readonly current: Pool
  /** Lets the connections end; new statements make new ones. */
  endIdle(): void
  end(options?: { timeout?: number }): Promise<void>
}

/** `onEnd` is called whenever a pool has lost a connection. */
export function openRenewedPools(open: () => Pool, onEnd: () => void): RenewedPools {
  let isEnding = false
  const pools = new Set<Pool>()
  const openRenewed = (): Pool => {
    const pool = open()
    pools.add(pool)
    pool.ended.addEventListener('abort', () => {
      if (!isEnding && pool === current) current = openRenewed()
      onEnd()
    })
    pool.gone.addEventListener('abort', () => pools.delete(pool))
    return pool
  }
  let current = openRenewed()
  return {
    get current() {
      return current
    },
    endIdle() {
      if (isEnding) return
      const idle = current
      current = openRenewed()
      void idle.sql.end({ timeout: lastSeconds }).then(() => pools.delete(idle))
    },
    async end(options) {
      isEnding = true
      await Promise.all([...pools].map(({ sql }) => sql.end(options)))
    },
  }
}
