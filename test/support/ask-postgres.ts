import postgres from 'postgres'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { ensurePostgres } from '../../orchestrator/record/embedded-postgres.ts'

/** Asks the embedded Postgres of a home itself, as its superuser, and leaves it as it was. */
export async function askPostgres<Row>(home: string, statement: string, database = 'postgres'): Promise<Row[]> {
  const opened = openHome(home)
  const membership = await joinHome(opened)
  try {
    const { adminUrl } = await ensurePostgres(membership, opened)
    const url = new URL(adminUrl)
    url.pathname = database
    const sql = postgres(url.href, { max: 1, onnotice: () => {} })
    try {
      return (await sql.unsafe(statement)) as unknown as Row[]
    } finally {
      await sql.end()
    }
  } finally {
    await membership.leave()
  }
}
