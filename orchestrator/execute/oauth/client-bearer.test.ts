/** Calls as Remit itself: client credentials at a real authorization server. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type AuthorizationServer, authorizationServer } from '../fixtures/oauth/authorization-server.ts'
import { type GuardedServer, guardedServer } from '../fixtures/oauth/guarded-server.ts'
import { stage } from '../fixtures/oauth/stage.ts'
import type { OAuthClient } from './settings.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'remit-client-'))
const secretFile = join(folder, 'secret')
const keyFile = join(folder, 'key.pem')
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const bare = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
const clients = [
  { ...bare, client_id: 'remit', client_secret: 'hunter2-client' },
  {
    ...bare,
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  },
]
let issuer: AuthorizationServer
let server: GuardedServer

const write = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 })
const withSecret: OAuthClient = { id: 'remit', secret: { file: secretFile } }
const open = (client: OAuthClient = withSecret) =>
  stage({
    url: server.url,
    folder,
    oauth: { grant: 'client_credentials', issuer: issuer.issuer, client, scopes: ['things:read'] },
  })
const requests = () => issuer.seen.filter(({ path }) => path === '/token')
const succeeded = { outcome: { status: 'succeeded' } }
const refused = (message: unknown) => ({ outcome: { status: 'failed', failure: { kind: 'unauthorized', message } } })

beforeAll(async () => {
  issuer = await authorizationServer({ clients })
  write(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
})
afterAll(async () => {
  await issuer[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  write(secretFile, 'hunter2-client')
  server = await guardedServer(issuer.issuer, folder)
  issuer.reset()
})
afterEach(() => server[Symbol.asyncDispose]())

test('all principals’ calls go by one token for this server, which is had anew before it ends', async () => {
  await using remit = open()
  remit.owners['of bob'] = { tenant: 'other', principal: 'bob' }
  const calls = ['of ada', 'of bob', 'of ada'].map((run, index) =>
    remit.call('create_thing', { name: `t${index}` }, run),
  )
  for (const result of await Promise.all(calls)) expect(result).toMatchObject(succeeded)
  expect(requests()).toHaveLength(1)
  expect(server.claims[0]).toMatchObject({ client_id: 'remit', aud: server.url, scope: 'things:read' })
  remit.ahead = 3_600_000
  expect(await remit.call('create_thing', { name: 'later' })).toMatchObject(succeeded)
  expect(requests()).toHaveLength(2)
  expect(remit.store.logins.size).toBe(0)
})

test('a client may prove itself by a key, which goes nowhere', async () => {
  await using remit = open({ id: 'signer', private_key: { file: keyFile }, algorithm: 'ES256' })
  expect(await remit.call('create_thing', { name: 'signed' })).toMatchObject(succeeded)
  expect(requests()[0]?.form.get('client_assertion_type')).toMatch(/jwt-bearer$/)
  write(join(folder, 'other.pem'), 'no key')
  await using broken = open({ id: 'signer', private_key: { file: join(folder, 'other.pem') }, algorithm: 'ES256' })
  expect(await broken.call('create_thing', { name: 'no' })).toMatchObject(
    refused(expect.stringContaining('/servers/fixture/oauth/client/private_key is no key for ES256')),
  )
})

test('a secret that is refused is told without it, and a new one at its source is used', async () => {
  write(secretFile, 'hunter2-wrong')
  await using remit = open()
  const failed = await remit.call('create_thing', { name: 'no' })
  expect(failed).toMatchObject(
    refused(expect.stringContaining(`the client remit at ${issuer.issuer} was refused (invalid_client)`)),
  )
  expect(JSON.stringify([failed, remit.logged, remit.gateway.status()])).not.toContain('hunter2')
  write(secretFile, 'hunter2-client')
  await expect.poll(async () => (await remit.call('create_thing', { name: 'yes' })).outcome.status).toBe('succeeded')
})

test('a secret goes to its issuer alone, whatever the server says', async () => {
  await using thief = await authorizationServer({ clients })
  server.metadata = { ...server.metadata, authorization_servers: [thief.issuer] }
  await using remit = open()
  expect(await remit.call('create_thing', { name: 'no' })).toMatchObject(
    refused(expect.stringContaining(`takes no tokens of ${issuer.issuer}`)),
  )
  expect(thief.seen).toEqual([])
  expect(issuer.seen).toEqual([])
})

test('a token that does not reach far enough names the setting', async () => {
  await using remit = open()
  await remit.call('create_thing', { name: 'warm' })
  server.requiredScopes = ['things:write']
  expect(await remit.call('create_thing', { name: 'no' })).toMatchObject(
    refused(
      expect.stringMatching(
        /\(things:write\): let the client remit have it, and add it to \/servers\/fixture\/oauth\/scopes/,
      ),
    ),
  )
})

test('nobody logs in where Remit itself does', async () => {
  await using remit = open()
  await expect(remit.logIn()).rejects.toThrow('nobody logs in at fixture: Remit itself does')
})
