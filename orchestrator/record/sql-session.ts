import { connect } from '../../shared/postgres/connect.ts'
import { PostgresError } from '../../shared/postgres/postgres-errors.ts'

/** One connection for a person's own statements. */
export interface SqlSession {
  /** Values as Postgres writes them in text; null is NULL. Throws {@link SqlError} with Postgres's own words. */
  query(statement: string): Promise<{ command: string; columns: string[]; rows: (string | null)[][]; count: number }>
  close(): Promise<void>
}

/** What Postgres says is wrong with a statement. */
export class SqlError extends Error {
  override readonly name = 'SqlError'
}

/** Opens a session that connects with its first statement. */
export function openSqlSession(url: string): SqlSession {
  const sql = connect(url, { max: 1, name: 'shell' })
  return {
    async query(statement) {
      try {
        const result = await sql.unsafe(statement).raw()
        const rows = result.map((row) => row.map((value) => (value === null ? null : value.toString('utf8'))))
        return { command: result.command, columns: result.columns.map(({ name }) => name), rows, count: result.count }
      } catch (error) {
        if (error instanceof PostgresError) throw new SqlError(`${error.message} (${error.code})`)
        throw error
      }
    },
    close: () => sql.end({ timeout: 1 }),
  }
}
