import { setTimeout as sleep } from 'node:timers/promises'

/** How long a Postgres that was killed may take to come back. */
const patienceMs = 90_000

/** Tries again while Postgres is away. */
export async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > end || !isOutage(error)) throw error
      await sleep(200)
    }
  }
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return error.name === 'RecordUnavailableError' || /^(ECONN|CONNECT|57P0|08)/.test(code)
}
