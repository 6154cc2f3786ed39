/** A principal's login, all the way: a run that waits for it, the record that seals it, and the call that it lets through. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { manifestOf } from '../shared/capability/manifest-of.ts'
import { withClient } from '../shared/postgres/connect.ts'
import { server as fixture } from '../test/support/fixture-server.ts'
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts'
import type { Remit } from './cli/remit.ts'
import { readConfig } from './config.ts'
import { defaultPolicy } from './enforce/fixtures/policies.ts'
import { type AuthorizationServer, authorizationServer } from './execute/fixtures/oauth/authorization-server.ts'
import { agree } from './execute/fixtures/oauth/browser.ts'
import { type GuardedServer, guardedServer } from './execute/fixtures/oauth/guarded-server.ts'
import { parseGoal } from './goals/load-goal.ts'
import { catalogueOf } from './model/catalogue.ts'
import { openRemit } from './open-remit.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const goal = parseGoal(
  `goal: make_thing
title: Make a thing
description: Makes a thing.
input:
  type: object
  additionalProperties: false
  required: [name]
  properties: { name: { type: string, fact: fixture.thing_name } }
outcomes:
  - fact: fixture.thing
    on_failure: wait
`,
  'make_thing.yaml',
)
const catalogue = catalogueOf({ version: 1, servers: [manifestOf(fixture)] })
let database: TestDatabase
let issuer: AuthorizationServer
let server: GuardedServer

beforeAll(async () => {
  database = await createTestDatabase()
  issuer = await authorizationServer()
  server = await guardedServer(issuer.issuer, database.home.path)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  await database.drop()
})

async function open({ configured = true } = {}): Promise<Remit & AsyncDisposable> {
  const file = join(database.home.path, 'remit.config.yaml')
  writeFileSync(
    file,
    `servers: { fixture: { url: "${server.url}"${configured ? ', oauth: {}' : ''} } }\nlogins: { key: { env: LOGINS_KEY } }\n`,
  )
  const config = readConfig({
    REMIT_CONFIG: file,
    REMIT_HOME: database.home.path,
    REMIT_DATABASE_URL: database.ownerUrl,
    LOGINS_KEY: 'hunter2-a-key-that-is-long-enough-to-be-one',
  })
  const opening = { catalogue, goals: [goal], policy: defaultPolicy, triggers: [] }
  const remit = await openRemit(config, opening, { servers: configured })
  return { ...remit, [Symbol.asyncDispose]: () => remit.close() }
}

const watch = () => ({ signal: new AbortController().signal, cancel: new AbortController().signal })

const logIn = (remit: Remit) =>
  remit.logins.logIn('fixture', {
    scopes: [],
    patienceMs: 20_000,
    signal: new AbortController().signal,
    offer: ({ url }) => void agree(url).then((back) => fetch(back)),
    pasted: async () => undefined,
  })

test('a run waits for a login that is missing, and goes on with it once it is there', async () => {
  await using remit = await open()
  const runId = await remit.createRun(goal, { name: `thing-${randomUUID()}` })
  const waiting = await remit.pursue(runId, watch())
  expect(waiting.status).toBe('waiting')
  const [{ failure } = {}] = [...waiting.tasks.values()]
  expect(failure).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringMatching(
      /is not logged in at fixture\. Log in with: remit servers login fixture --principal/,
    ),
  })

  const login = await logIn(remit)
  expect(await remit.logins.list()).toMatchObject([{ login_id: login.login_id, renewable: true }])
  await remit.answer(runId, 'retry')
  expect((await remit.pursue(runId, watch())).status).toBe('succeeded')
  expect(server.claims.at(-1)).toMatchObject({ sub: 'ada', aud: server.url })

  // Another process finds the login; where its token is refused, only one of them renews it.
  await using other = await open()
  const spent = server.tokens.at(-1)
  server.instead = () => (server.tokens.at(-1) === spent ? { status: 401 } : undefined)
  const both = [remit, other, remit, other].map(async (one) => {
    const another = await one.createRun(goal, { name: `thing-${randomUUID()}` })
    return (await one.pursue(another, watch())).status
  })
  expect(await Promise.all(both)).toEqual(Array(4).fill('succeeded'))
  expect(issuer.seen.filter(({ form }) => form.get('grant_type') === 'refresh_token')).toHaveLength(1)
  server.instead = undefined

  await remit.logins.logOut('fixture', {})
  await expect(remit.logins.logOut('slack', {})).rejects.toThrow('slack wants no logins: those that do are fixture')
  expect(await remit.logins.list()).toEqual([])
})

test('nothing secret of a login is anywhere in the database, and who logged in is in the record', async () => {
  await using remit = await open()
  await logIn(remit)
  const dump = await withClient(database.url, 'test', async (sql) => {
    const tables = await sql<{ name: string }[]>`
      SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'remit'`
    const texts = await Promise.all(
      tables.map(({ name }) => sql.unsafe(`SELECT string_agg(t::text, ' ') AS text FROM ${name} t`)),
    )
    return texts.map(([row]) => String(row?.text)).join('\n')
  })
  const holds = (text: string) => dump.includes(text)
  expect(['""logged_in""', '""logged_out""'].filter(holds)).toHaveLength(2)
  const issued = [...server.tokens.map((token) => token.slice('Bearer '.length)), ...secretsIn(issuer)]
  expect(issued.length).toBeGreaterThan(3)
  expect([...issued, 'hunter2'].filter(holds)).toEqual([])
})

test('a login at a server that wants none any more can still be forgotten', async () => {
  await using remit = await open({ configured: false })
  await expect(logIn(remit)).rejects.toThrow('fixture wants no logins: no server wants logins')
  expect(await remit.logins.logOut('fixture', {})).toMatchObject({
    revoked: false,
    why: expect.stringContaining('/servers/fixture/oauth is not in the configuration'),
  })
  await expect(remit.logins.logOut('fixture', {})).rejects.toThrow('fixture wants no logins')
})

/** Codes, verifiers and refresh tokens that its token endpoint was shown. */
function secretsIn({ seen }: AuthorizationServer): string[] {
  return seen.flatMap(({ form }) =>
    ['code', 'code_verifier', 'refresh_token', 'token'].flatMap((name) => form.get(name) ?? []),
  )
}
