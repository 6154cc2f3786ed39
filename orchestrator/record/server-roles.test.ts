import { afterAll, beforeAll, expect, it } from 'vitest'
import { withClient } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { ensureServerRole } from './server-roles.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

it('gives a server a schema of its own and nothing of the record', async () => {
  const wanted = { kind: 'schema', name: 'organizations' } as const
  const [url, again] = await Promise.all([
    ensureServerRole(database.ownerUrl, database.home, wanted),
    ensureServerRole(database.ownerUrl, database.home, wanted),
  ])
  expect(again).toBe(url)
  await withClient(url, 'test', async (sql) => {
    await sql`CREATE TABLE organization (id text)`
    expect(await sql`SELECT schemaname FROM pg_tables WHERE tablename = 'organization'`).toEqual([
      { schemaname: 'organizations' },
    ])
    for (const statement of [
      'SELECT * FROM remit.events',
      'SELECT * FROM query.runs',
      'CREATE SCHEMA other',
      'CREATE TABLE public.x ()',
      'CREATE TEMPORARY TABLE x ()',
    ])
      await expect(sql.unsafe(statement), statement).rejects.toThrow('permission denied')
  })
  for (const other of ['postgres', 'template1', 'remit_provisioning'])
    await expect(withClient(withUrl(url, { database: other }), 'test', (sql) => sql`SELECT 1`)).rejects.toThrow(
      'permission denied',
    )
})

it('gives the provisioner a database, and the right to make more and their owners, but no more', async () => {
  const url = await ensureServerRole(database.ownerUrl, database.home, { kind: 'provisioner', name: 'provisioning' })
  const suffix = new URL(database.url).pathname.slice(-8)
  await withClient(url, 'test', async (sql) => {
    await sql.unsafe(`CREATE ROLE tenant_${suffix} NOLOGIN`)
    await sql.unsafe(`GRANT tenant_${suffix} TO remit_provisioner WITH SET TRUE`)
    await sql.unsafe(`CREATE DATABASE tenant_${suffix} OWNER tenant_${suffix}`)
    await sql.unsafe(`DROP DATABASE tenant_${suffix}`)
    await sql.unsafe(`DROP ROLE tenant_${suffix}`)
    await expect(sql.unsafe('DROP ROLE remit_journal')).rejects.toThrow('permission denied')
    await expect(sql.unsafe(`ALTER ROLE remit_query PASSWORD 'x'`)).rejects.toThrow('permission denied')
  })
  await expect(withClient(withUrl(url, { database: 'remit' }), 'test', (sql) => sql`SELECT 1`)).rejects.toThrow(
    'permission denied',
  )
})

it.each(['journal', 'query', 'remit', 'pg_x', 'Bad', 'a"b'])('refuses a server named %s', async (name) => {
  await expect(ensureServerRole(database.ownerUrl, database.home, { kind: 'schema', name })).rejects.toThrow(TypeError)
})
