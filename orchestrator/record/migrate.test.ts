import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { poolTransactions } from './fixtures/transaction-pooler.ts'
import { migrate } from './migrate.ts'
import { makePassword } from './passwords.ts'

let template: TestDatabase
const databases: string[] = []
const asAdmin = (statement: string, database?: string) =>
  withClient(withUrl(inject('databaseUrl'), database === undefined ? {} : { database }), 'test', (sql) =>
    sql.unsafe(statement),
  )

beforeAll(async () => {
  template = await createTestDatabase()
})
afterAll(async () => {
  for (const name of databases) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await template.drop()
})

/** An empty database of this owner. */
async function emptyDatabase(owner: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name} OWNER ${owner}`)
  databases.push(name)
  return name
}

const ownerOf = (url: string) => decodeURIComponent(new URL(url).username)
const all = readdirSync('drizzle')
  .filter((name) => name.endsWith('.sql'))
  .map((name) => name.replace('.sql', ''))
  .sort()

/** How many migrations the first release had. */
const firstRelease = 4

/** Does what an earlier release did to an empty database. */
async function applyReleased(sql: Sql, tags: readonly string[]): Promise<void> {
  await sql`CREATE SCHEMA drizzle`
  await sql`CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`
  for (const [index, tag] of tags.entries()) {
    for (const statement of readFileSync(`drizzle/${tag}.sql`, 'utf8').split('--> statement-breakpoint'))
      await sql.unsafe(statement)
    await sql`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (${tag}, ${1767225600000 + index * 1000})`
  }
}

describe('migrating', () => {
  it('says what it applied, once for two commands at once, and nothing where there is nothing to do', async () => {
    const url = withUrl(template.ownerUrl, { database: await emptyDatabase(ownerOf(template.ownerUrl)) })
    const done = await Promise.all([migrate(url, template.home), migrate(url, template.home)])
    expect(done.map(({ applied }) => applied).toSorted((a, b) => a.length - b.length)).toEqual([[], all])
    expect(await migrate(url, template.home)).toMatchObject({ applied: [], current: all.at(-1) })
  })

  it('brings a record of an earlier release up to date, with everything that is in it', async () => {
    const url = withUrl(template.ownerUrl, { database: await emptyDatabase(ownerOf(template.ownerUrl)) })
    await withClient(url, 'test', async (sql) => {
      await applyReleased(sql, all.slice(0, firstRelease))
      await sql`INSERT INTO remit.runs (run_id, tenant, principal, goal, status, created_at, updated_at)
        VALUES ('019a0000-0000-7000-8000-000000000001', 'acme', 'ann', 'onboard', 'waiting', now(), now())`
      await sql`INSERT INTO remit.events (run_id, seq, type, v, data, at, prev_hash, hash, tenant)
        VALUES ('019a0000-0000-7000-8000-000000000001', 1, 'run_created', 1, '{"mode": "live"}', now(), '', '', 'acme')`
    })
    expect((await migrate(url, template.home)).applied).toEqual(all.slice(firstRelease))
    const [run] = await withClient(url, 'test', (sql) => sql`SELECT goal, due_at::text, mode FROM remit.runs`)
    expect(run).toEqual({ goal: 'onboard', due_at: 'infinity', mode: 'live' })
  })

  it('refuses a record that a newer version of Remit brought up to date', async () => {
    const url = withUrl(template.ownerUrl, { database: await emptyDatabase(ownerOf(template.ownerUrl)) })
    await migrate(url, template.home)
    await withClient(
      url,
      'test',
      (sql) => sql`UPDATE drizzle.__drizzle_migrations SET created_at = created_at + 10000000`,
    )
    await expect(migrate(url, template.home)).rejects.toThrow('a newer version of Remit')
  })
})

describe('an owner’s URL that will not do', () => {
  const roles: string[] = []
  afterAll(async () => {
    for (const name of databases.splice(0)) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    for (const role of roles) await asAdmin(`DROP ROLE ${role}`)
  })
  async function urlOf(options: string): Promise<{ url: string; role: string }> {
    const [role, password] = [`weak_${randomBytes(4).toString('hex')}`, makePassword()]
    await asAdmin(`CREATE ROLE ${role} LOGIN ${options} PASSWORD '${password}'`)
    roles.push(role)
    const database = await emptyDatabase('postgres')
    return { role, url: withUrl(inject('databaseUrl'), { user: role, password, database }) }
  }

  it('because its role may not create roles says how to let it', async () => {
    const { url, role } = await urlOf('NOCREATEROLE')
    await expect(migrate(url, template.home)).rejects.toThrow(`ALTER ROLE "${role}" CREATEROLE`)
  })

  it('because its role may not create schemas says how to let it', async () => {
    const { url, role } = await urlOf('CREATEROLE')
    await expect(migrate(url, template.home)).rejects.toThrow(/GRANT CREATE ON DATABASE "test_\w+" TO "weak_\w+"/)
    expect(role).toMatch(/^weak_/)
  })

  it('because a pooler that lends connections by transaction stands before Postgres is refused', async () => {
    await using pooler = await poolTransactions(template.ownerUrl)
    await expect(migrate(pooler.url, template.home)).rejects.toThrow('lends connections by transaction')
  })

  it('is taken where a pooler lends by session', async () => {
    await using pooler = await poolTransactions(template.ownerUrl, { bySession: true })
    expect(await migrate(pooler.url, template.home)).toMatchObject({ applied: [] })
  })
})
