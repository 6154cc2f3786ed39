import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import type { NewKey } from '../model/caller.ts'
import { type ApiKeys, makeApiKey, openApiKeys } from './api-keys.ts'

let database: TestDatabase
let sql: Sql
let keys: ApiKeys
let now = new Date('2026-01-01T00:00:00Z')

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
  keys = openApiKeys({ sql, now: () => now })
})
afterAll(async () => {
  await sql.end({ timeout: 1 })
  await database.drop()
})

const key: NewKey = {
  tenant: 'acme',
  principal: 'ann',
  name: 'shop',
  scopes: ['runs:read', 'runs:write'],
  ceiling: { goals: ['onboard'], effect: 'create', cost_usd: 2.5 },
  requests_per_minute: 60,
  created_by: 'ann',
}

describe('api keys', () => {
  it('stand for whom they were made, with all that limits them', async () => {
    const { key_id, text } = await keys.create(key)
    expect(await keys.callerOf(text)).toEqual({
      id: `key:${key_id}`,
      tenant: 'acme',
      principal: 'ann',
      scopes: new Set(['runs:read', 'runs:write']),
      ceiling: { goals: ['onboard'], effect: 'create', cost_usd: 2.5 },
      requests_per_minute: 60,
    })
  })

  it('are not in the record: neither the text nor the secret in it', async () => {
    const { text } = await keys.create(key)
    const [row] = await sql<{ all: string }[]>`SELECT string_agg(api_keys::text, ' ') AS all FROM remit.api_keys`
    expect(row?.all).not.toContain(text.split('_').slice(2).join('_'))
  })

  it('are nobody’s with another secret, another shape, after they were revoked, and once they have expired', async () => {
    const { key_id, text } = await keys.create({ ...key, expires_at: new Date('2026-01-02T00:00:00Z') })
    expect(await keys.callerOf(`remit_${key_id}_${makeApiKey().slice(-43)}`)).toBeUndefined()
    expect(await keys.callerOf(text.slice(0, -1))).toBeUndefined()
    expect(await keys.callerOf('')).toBeUndefined()
    now = new Date('2026-01-02T00:00:00Z')
    expect(await keys.callerOf(text)).toBeUndefined()
    const other = await keys.create(key)
    expect(await keys.revoke('acme', other.key_id)).toBe(true)
    expect(await keys.callerOf(other.text)).toBeUndefined()
  })

  it('are listed and revoked by their own tenant alone', async () => {
    const { key_id, text } = await keys.create({ ...key, tenant: 'eve' })
    expect(await keys.revoke('acme', key_id)).toBe(false)
    expect((await keys.list('acme')).map((one) => one.key_id)).not.toContain(key_id)
    expect(await keys.list('eve')).toMatchObject([{ key_id, name: 'shop', ceiling: key.ceiling }])
    expect(await keys.callerOf(text)).toBeDefined()
  })

  it('that somebody keeps are registered as often as they like, and not brought back once revoked', async () => {
    const text = makeApiKey()
    expect(await keys.register(text, key)).toBe(true)
    expect(await keys.register(text, key)).toBe(true)
    const [, id = ''] = text.split('_')
    await keys.revoke('acme', id)
    expect(await keys.register(text, key)).toBe(false)
  })

  it('are hidden from the role that reads for tenants', async () => {
    for (const table of ['api_keys', 'run_requests'])
      await expect(
        withClient(database.queryUrl, 'test', (reader) => reader.unsafe(`SELECT * FROM remit.${table}`)),
      ).rejects.toThrow('permission denied')
  })
})
