import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import type { Login } from '../model/login.ts'
import { openServerLogins, type ServerLogins } from './server-logins.ts'

let database: TestDatabase
let sql: Sql
let logins: ServerLogins
const secret = Buffer.alloc(32, 7)
const open = (key: Uint8Array = secret) => openServerLogins({ sql, url: database.journalUrl, key: async () => key })

const key = { tenant: 'acme', principal: 'ada', server: 'tickets' }
const login: Login = {
  ...key,
  login_id: '01a20a12-bbb3-751c-be16-0cd75ae70d5a',
  issuer: 'https://auth.example/',
  resource: 'https://tickets.example/mcp',
  scopes: ['tickets:read', 'tickets:write'],
  expires_at: '2026-01-01T12:00:00.000Z',
  made_at: '2026-01-01T11:00:00.000Z',
  made_by: 'local:ada',
  secrets: { access_token: 'hunter2-access', refresh_token: 'hunter2-refresh', client: { client_id: 'remit' } },
}

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
})
beforeEach(async () => {
  await sql`DELETE FROM remit.server_logins`
  logins = open()
})
afterAll(async () => {
  await sql.end({ timeout: 1 })
  await database.drop()
})

describe('logins', () => {
  it('are what was recorded, in any process with the key, and the latest alone', async () => {
    await logins.put(login)
    expect(await open().find(key)).toEqual(login)
    const { expires_at: _, ...endless } = login
    const later: Login = { ...endless, scopes: [], renewed_at: '2026-01-01T11:30:00.000Z', ended: 'revoked' }
    await logins.put(later)
    expect(await open().find(key)).toEqual(later)
  })

  it('are one principal’s, of one tenant, at one server', async () => {
    await logins.put(login)
    for (const other of [{ principal: 'bob' }, { tenant: 'other' }, { server: 'billing' }])
      expect(await logins.find({ ...key, ...other })).toBeUndefined()
    expect(await logins.list('other')).toEqual([])
  })

  it('are listed without what is secret, and are gone once removed', async () => {
    await logins.put(login)
    const { secrets: _, ...shown } = login
    expect(await logins.list('acme')).toEqual([{ ...shown, renewable: true }])
    expect(await logins.remove(key)).toBe(true)
    expect(await logins.remove(key)).toBe(false)
    expect(await logins.find(key)).toBeUndefined()
  })

  it('show nothing secret in the record, to whoever may read every row', async () => {
    await logins.put(login)
    const [row] = await withClient(
      database.url,
      'test',
      (owner) => owner<{ row: string; secrets: Buffer }[]>`
      SELECT server_logins::text AS row, secrets FROM remit.server_logins`,
    )
    expect(row?.row).toContain('https://tickets.example/mcp')
    for (const place of [row?.row, row?.secrets.toString('latin1')]) expect(place).not.toContain('hunter2')
  })

  it('are out of reach of who reads views', async () => {
    await logins.put(login)
    await withClient(database.queryUrl, 'test', async (reader) => {
      await expect(reader`SELECT FROM remit.server_logins`).rejects.toThrow(/permission denied/)
    })
  })

  it('do not open with another key, for another principal or for another server', async () => {
    await logins.put(login)
    await expect(open(Buffer.alloc(32, 8)).find(key)).rejects.toThrow(
      'the login of ada at tickets was sealed with another key; log in again: remit servers login tickets --principal ada --tenant acme',
    )
    await sql`UPDATE remit.server_logins SET principal = 'eve'`
    await expect(logins.find({ ...key, principal: 'eve' })).rejects.toThrow('was altered in the record')
    await sql`UPDATE remit.server_logins SET principal = 'ada', resource = 'https://eve.example/mcp'`
    await expect(logins.find(key)).rejects.toThrow('was altered in the record')
    await sql`UPDATE remit.server_logins SET resource = ${login.resource}, issuer = 'https://eve.example/'`
    await expect(logins.find(key)).rejects.toThrow('was altered in the record')
  })

  it('are worked on by one at a time, and by several at once where they are different ones', async () => {
    const seen: string[] = []
    const first = Promise.withResolvers<void>()
    const work = (name: string, wait: Promise<void>) => async () => {
      seen.push(`${name} begins`)
      await wait
      seen.push(`${name} ends`)
    }
    const one = logins.alone(key, work('one', first.promise))
    await expect.poll(() => seen).toEqual(['one begins'])
    const two = open().alone(key, work('two', Promise.resolve()))
    await logins.alone({ ...key, principal: 'bob' }, work('bob', Promise.resolve()))
    expect(seen).toEqual(['one begins', 'bob begins', 'bob ends'])
    first.resolve()
    await Promise.all([one, two])
    expect(seen.slice(3)).toEqual(['one ends', 'two begins', 'two ends'])
  })
})
