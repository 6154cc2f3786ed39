import type { Sql } from '../../shared/postgres/connect.ts'

/** Runs `work` alone among all that ask for this lock on the same database; the client must have one connection. */
export async function withAdvisoryLock<Result>(sql: Sql, name: string, work: () => Promise<Result>): Promise<Result> {
  await sql`SELECT pg_advisory_lock(hashtextextended(${name}, 0))`
  try {
    return await work()
  } finally {
    await sql`SELECT pg_advisory_unlock(hashtextextended(${name}, 0))`
  }
}
