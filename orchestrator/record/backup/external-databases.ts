import { withClient } from '../../../shared/postgres/connect.ts'

/** The databases of an external Postgres that hold what Remit keeps: its own, and those that its provisioner made. */
export async function externalDatabases(ownerUrl: string): Promise<string[]> {
  return withClient(ownerUrl, 'backup', async (sql) => {
    const rows = await sql<{ name: string }[]>`
      SELECT datname AS name FROM pg_catalog.pg_database
      WHERE datname = current_database() OR EXISTS (
        SELECT FROM pg_catalog.pg_roles
        WHERE rolname = 'remit_provisioner' AND NOT rolsuper AND pg_has_role(oid, datdba, 'MEMBER')
      )
      ORDER BY datname = current_database() DESC, datname`
    return rows.map(({ name }) => name)
  })
}
