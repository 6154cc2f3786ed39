/** The connections that logins have: of each principal to each instance, as long as the server is reviewed as it was. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { catalogueOf } from '../../model/catalogue.ts'
import { type AuthorizationServer, authorizationServer } from '../fixtures/oauth/authorization-server.ts'
import { type GuardedServer, guardedServer } from '../fixtures/oauth/guarded-server.ts'
import { manifest, type Stage, stage } from '../fixtures/oauth/stage.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let folder: string
let issuer: AuthorizationServer
let server: GuardedServer
let remit: Stage

beforeAll(async () => {
  issuer = await authorizationServer()
})
afterAll(async () => {
  await issuer[Symbol.asyncDispose]()
})
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remit-oauth-'))
  server = await guardedServer(issuer.issuer, folder)
  issuer.reset()
  remit = stage({ url: `${server.url}?instance=first`, others: [`${server.url}?instance=second`], folder })
})
afterEach(async () => {
  await remit[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const create = (name: string, run?: string) => remit.call('create_thing', { name }, run)
const succeeded = { outcome: { status: 'succeeded' } }
/** How often each instance was asked for this. */
const asked = (method: string) =>
  ['first', 'second'].map(
    (name) => server.asked.filter(({ instance, body }) => instance === name && body.includes(`"${method}"`)).length,
  )

async function logInBoth(): Promise<void> {
  await remit.logIn()
  issuer.user = 'bob'
  await remit.logIn('bob')
  remit.owners['of bob'] = { tenant: 'acme', principal: 'bob' }
}

test('a server in several instances has as many connections for each login, and shares its calls between them', async () => {
  await logInBoth()
  await remit.gateway.start(['fixture'])
  for (const name of ['one', 'two']) expect(await create(name, 'of ada')).toMatchObject(succeeded)
  expect(asked('tools/call')).toEqual([1, 1])
  expect(asked('server/discover')).toEqual([1, 1])
  expect(await create('three', 'of bob')).toMatchObject(succeeded)
  await vi.waitFor(() => expect(asked('server/discover')).toEqual([2, 2]))
  expect(new Set(server.claims.map(({ sub }) => sub))).toEqual(new Set(['ada', 'bob']))
  expect(remit.gateway.status()).toMatchObject([{ personal: true, instances: { working: 2, of: 2 } }])
})

test('a server that is reviewed anew is connected to anew, by each login', async () => {
  await logInBoth()
  await remit.gateway.start(['fixture'])
  await create('before', 'of bob')
  await vi.waitFor(() => expect(asked('server/discover')).toEqual([2, 2]))
  server.claims.length = 0
  await remit.gateway.adopt(catalogueOf({ version: 1, servers: [{ ...manifest, title: 'Another' }] })).started
  expect(await create('after', 'of bob')).toMatchObject(succeeded)
  await vi.waitFor(() => expect(asked('server/discover')).toEqual([4, 4]))
  expect(new Set(server.claims.map(({ sub }) => sub))).toEqual(new Set(['ada', 'bob']))
  await remit.gateway.adopt(catalogueOf({ version: 1, servers: [] })).started
  expect(await create('gone', 'of bob')).toMatchObject({ outcome: { failure: { kind: 'denied' } } })
  expect(remit.gateway.status()).toEqual([])
})

test('what a server tells a person it tells the operator, by their login', async () => {
  const asking = [() => remit.gateway.tell('fixture'), () => remit.gateway.list('fixture')]
  for (const ask of asking) await expect(ask()).rejects.toThrow('ada is not logged in at fixture')
  await logInBoth()
  expect(await remit.gateway.tell('fixture')).toMatchObject({ name: 'fixture' })
  expect((await remit.gateway.list('fixture')).others).toEqual([])
  expect(new Set(server.claims.map(({ sub }) => sub))).toEqual(new Set(['ada']))
})

test('nobody logs in where an instance is no part of what the tokens are for', async () => {
  await using elsewhere = await guardedServer(issuer.issuer, folder)
  await using apart = stage({ url: server.url, others: [elsewhere.url], folder })
  await expect(apart.logIn()).rejects.toThrow(
    `tokens for fixture are for ${server.url}, and ${elsewhere.url} is not part of it: put its instances behind one URL`,
  )
  const login = await remit.logIn()
  await apart.store.put(login)
  expect(await apart.call('create_thing', { name: 'no' })).toMatchObject({
    outcome: { failure: { kind: 'unauthorized', message: expect.stringContaining('is at another place now') } },
  })
  expect(elsewhere.tokens).toEqual([])
})
