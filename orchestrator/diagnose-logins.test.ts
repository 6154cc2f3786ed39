import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts'
import { catalogue, tool } from '../test/support/rehearsal.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type Config, readConfig } from './config.ts'
import { diagnoseLogins } from './diagnose-logins.ts'
import type { Login } from './model/login.ts'
import { openServerLogins } from './record/server-logins.ts'

const servers = catalogue({ tickets: [tool('find', { effect: 'read' })], crm: [] })
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function configOn(home: string): Config {
  const file = join(home, 'remit.config.yaml')
  writeFileSync(file, 'servers: { tickets: { url: "http://127.0.0.1:9/mcp", oauth: {} } }\n')
  return readConfig({ REMIT_CONFIG: file, REMIT_HOME: home, REMIT_DATABASE_URL: database.ownerUrl })
}

async function logIn(login: Partial<Login>): Promise<void> {
  const sql = connect(database.journalUrl, { max: 1, name: 'test' })
  const secret = async () => Buffer.alloc(32, 7)
  await openServerLogins({ sql, url: database.journalUrl, key: secret }).put({
    tenant: 'default',
    principal: 'ada',
    server: 'tickets',
    login_id: crypto.randomUUID(),
    issuer: 'https://auth.example/',
    resource: 'https://tickets.example/mcp',
    scopes: ['tickets:read'],
    made_at: '2026-01-01T11:00:00.000Z',
    made_by: 'local:ada',
    secrets: { access_token: 'hunter2-access', client: { client_id: 'remit' } },
    ...login,
  })
  await sql.end({ timeout: 1 })
}

test('a server at which nobody is logged in, or whose logins are over, says how to log in', async () => {
  const config = configOn(database.home.path)
  const advice = expect.stringContaining('servers login tickets')
  expect(await diagnoseLogins(config, servers)).toEqual([
    { what: 'logins tickets', ok: false, found: 'nobody', advice },
  ])
  await logIn({ expires_at: '2026-01-01T12:00:00.000Z' })
  await logIn({ tenant: 'eve', principal: 'eve' })
  const [over] = await diagnoseLogins(config, servers)
  expect(over).toEqual({ what: 'logins tickets', ok: false, found: 'ada (tickets:read, expired)', advice })
})

test('who is logged in is told with scopes and until when, and no token', async () => {
  await logIn({ expires_at: '2126-01-01T12:00:00.000Z' })
  const findings = await diagnoseLogins(configOn(database.home.path), servers)
  const found = 'ada (tickets:read, until 2126-01-01 12:00:00 UTC)'
  expect(findings).toEqual([{ what: 'logins tickets', ok: true, found }])
})

test('nothing is said where no server wants logins, nor is a record made to look at', async () => {
  const folder = await temporaryFolder('remit-logins-')
  try {
    const config = configOn(folder.path)
    expect(await diagnoseLogins({ ...config, servers: {} }, servers)).toEqual([])
    expect(await diagnoseLogins(config, servers)).toEqual([
      { what: 'logins', ok: true, found: 'not known: the record does not run now' },
    ])
  } finally {
    await folder.remove()
  }
})
