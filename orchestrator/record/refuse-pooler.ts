import { connect, type Sql } from '../../shared/postgres/connect.ts'

/** How many transactions are held open meanwhile. */
const others = 5

/**
 * Throws where the URL leads through a pooler that lends connections by transaction: what a session holds (LISTEN, advisory
 * locks, settings) would be lost or, worse, somebody else's. A pooler that lends by session is let through.
 */
export async function refusePooler(sql: Sql, url: string): Promise<void> {
  const first = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
  // Only what stands between makes up a process id of its own when the connection is opened.
  if (first.state.pid === first[0]?.pid) return
  const client = connect(url, { max: others, name: 'migrator' })
  try {
    const held = Array.from({ length: others }, () => pidOfTransaction(client))
    const [later] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
    // A session's own backend serves nobody else, and is no other later.
    const foreign = (await Promise.all(held)).includes(first[0]?.pid ?? 0)
    if (foreign || later?.pid !== first[0]?.pid)
      throw new Error(
        `${new URL(url).host} is a pooler that lends connections by transaction: name the address of Postgres itself in REMIT_DATABASE_URL`,
      )
  } finally {
    await client.end({ timeout: 1 })
  }
}

/** The backend that serves a transaction; it stays open for a moment, so that each gets another. */
function pidOfTransaction(sql: Sql): Promise<number> {
  return sql.begin(async (transaction) => {
    const [row] = await transaction<{ pid: number }[]>`SELECT pg_backend_pid() AS pid, pg_sleep(0.2)`
    return row?.pid ?? 0
  })
}
