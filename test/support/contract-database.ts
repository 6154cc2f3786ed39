import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'

/** A database of a server's own in the Postgres of this test run, as a role that may make databases and roles for tenants. */
export async function contractDatabase(server: string) {
  const admin = inject('databaseUrl')
  const name = `contract_${server}_${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await withClient(admin, 'test', async (sql) => {
    await sql.unsafe(`create role ${name} login password '${password}' nosuperuser createdb createrole`)
    await sql.unsafe(`create database ${name} owner ${name} template template0`)
  })
  return {
    url: withUrl(admin, { database: name, user: name, password }),
    environment: {},
    /** The rows of every table, and what was made beside the database for tenants. */
    state: () =>
      withClient(withUrl(admin, { database: name }), 'test', async (sql) => {
        const tables = await sql<{ schemaname: string; tablename: string }[]>`
          select schemaname, tablename from pg_tables
          where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`
        const rows = await Promise.all(
          tables.map(async ({ schemaname: schema, tablename: table }) => [
            `${schema}.${table}`,
            (await sql`select count(*)::int as rows from ${sql(schema)}.${sql(table)}`)[0]?.rows,
          ]),
        )
        const databases =
          await sql`select datname from pg_database where datdba <> 10 and datname <> ${name} order by 1`
        return {
          rows: rows.filter(([, count]) => count !== 0),
          tenants: databases.filter(({ datname }) => String(datname).includes('example')),
        }
      }),
    close: () =>
      withClient(admin, 'test', async (sql) => {
        await sql.unsafe(`drop database ${name} with (force)`)
        await sql.unsafe(`drop role ${name}`)
      }),
  }
}
