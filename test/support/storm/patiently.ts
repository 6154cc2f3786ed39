import { setTimeout as sleep } from 'node:timers/promises'
import { isAway } from '../../../orchestrator/run/while-away.ts'

/** How long a Postgres that was killed may take to come back. */
const patienceMs = 90_000

/** Tries again while Postgres is away. */
export async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > end || !isAway(error)) throw error
      await sleep(200)
    }
  }
}
