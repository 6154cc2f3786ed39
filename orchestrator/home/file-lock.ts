import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a process waits for its turn before it says what is wrong. */
const patienceMs = 90_000

/**
 * Runs `work` while holding the lock that the file stands for, among all processes and within this one; the others wait
 * without blocking their event loops. SQLite is used for its locks: the operating system releases them when a process
 * dies, so a killed one blocks nobody. What `work` writes through the connection is undone when it throws.
 */
export async function withFileLock<Result>(
  path: string,
  work: (database: DatabaseSync) => Promise<Result> | Result,
): Promise<Result> {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    await whileBusy(path, () => database.exec('BEGIN IMMEDIATE'))
    const result = await work(database)
    // Whoever tries to begin meanwhile looks at the file for a moment, and a commit needs it alone.
    await whileBusy(path, () => database.exec('COMMIT'))
    return result
  } finally {
    database.close()
  }
}

/** SQLite itself would wait by blocking the thread. */
async function whileBusy(path: string, attempt: () => void): Promise<void> {
  const end = Date.now() + patienceMs
  for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
    try {
      attempt()
      return
    } catch (error) {
      if (!isBusy(error)) throw error
      if (Date.now() > end)
        throw new Error(
          `another command has held ${path} for ${patienceMs / 1000} s: end it, or use another REMIT_HOME`,
          {
            cause: error,
          },
        )
    }
    await sleep(pause)
  }
}

/** SQLITE_BUSY is 5; its extended codes share the low byte. */
function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' && (code & 0xff) === 5
}
