/** Logins at a real authorization server, and calls by them to a real MCP server that it guards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AuthorizationServer, authorizationServer } from '../fixtures/oauth/authorization-server.ts'
import { type GuardedServer, guardedServer } from '../fixtures/oauth/guarded-server.ts'
import { keyOfAda, manifest, type Stage, stage } from '../fixtures/oauth/stage.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let folder: string
const hour = 3_600_000
let issuer: AuthorizationServer
let server: GuardedServer
let remit: Stage
const open = (options: Partial<Parameters<typeof stage>[0]> = {}) => stage({ url: server.url, folder, ...options })

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
  remit = open()
})
afterEach(async () => {
  await remit[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const create = (name: string, run?: string, at = remit) => at.call('create_thing', { name }, run)
const succeeded = { outcome: { status: 'succeeded' } }
const refused = (message: unknown) => ({ outcome: { status: 'failed', failure: { kind: 'unauthorized', message } } })
const renewals = () => issuer.seen.filter(({ form }) => form.get('grant_type') === 'refresh_token')

describe('a login', () => {
  test('is what calls of its principal’s runs go by, at that server alone', async () => {
    const login = await remit.logIn()
    expect(login).toMatchObject({ issuer: issuer.issuer, resource: server.url, principal: 'ada', made_by: 'local:ada' })
    issuer.user = 'bob'
    await remit.logIn('bob')
    remit.owners['of bob'] = { tenant: 'acme', principal: 'bob' }
    expect(await create('one', 'of ada')).toMatchObject(succeeded)
    expect(new Set(server.claims.map(({ sub }) => sub))).toEqual(new Set(['ada']))
    server.claims.length = 0
    expect(await create('two', 'of bob')).toMatchObject(succeeded)
    // The handshake and the look at the tools, too: no connection is shared by two principals.
    expect(new Set(server.claims.map(({ sub, aud }) => `${sub} at ${aud}`))).toEqual(new Set([`bob at ${server.url}`]))
    expect(remit.gateway.status()).toMatchObject([{ server: 'fixture', state: 'up', personal: true }])
  })

  test('lets 2025-era connections in as well, each of one principal', async () => {
    await remit.verdicts.rememberLegacy(manifest)
    await remit.logIn()
    expect(await create('old')).toMatchObject({ ...succeeded, era: expect.stringMatching(/^2025-/) })
    expect(new Set(server.claims.map(({ sub }) => sub))).toEqual(new Set(['ada']))
  })

  test('that cannot be renewed says so at its end', async () => {
    const { secrets, ...login } = await remit.logIn()
    const { refresh_token: _, ...rest } = secrets
    await remit.store.put({ ...login, secrets: rest })
    expect(await create('in_time')).toMatchObject(succeeded)
    remit.ahead = hour
    expect(await create('late')).toMatchObject(refused(expect.stringContaining('is at its end, and cannot be renewed')))
    expect(issuer.seen.some(({ form }) => form.get('grant_type') === 'refresh_token')).toBe(false)
  })

  test('is wanted of each principal: a call without one fails before anything is sent, and says how to log in', async () => {
    await remit.logIn()
    remit.owners.eve = { tenant: 'acme', principal: 'eve' }
    remit.owners.elsewhere = { tenant: 'other', principal: 'ada' }
    expect(await create('no', 'eve')).toMatchObject(
      refused(
        'eve is not logged in at fixture. Log in with: remit servers login fixture --principal eve --tenant acme; fixture.create_thing was not sent',
      ),
    )
    expect(await create('no', 'elsewhere')).toMatchObject(refused(expect.stringContaining('--tenant other')))
    expect(server.tokens).toEqual([])
  })

  test('is used as soon as it is made, though calls failed for want of it', async () => {
    expect(await create('too_early')).toMatchObject(refused(expect.stringContaining('is not logged in')))
    await remit.logIn()
    expect(await create('now')).toMatchObject(succeeded)
  })

  test('is renewed before it ends, and the refresh token with it', async () => {
    const login = await remit.logIn()
    await create('before')
    remit.ahead = hour
    expect(await create('after')).toMatchObject(succeeded)
    const renewed = await remit.store.find(keyOfAda)
    expect(renewed).toMatchObject({ login_id: login.login_id, renewed_at: expect.any(String) })
    expect(renewed?.secrets.refresh_token).not.toBe(login.secrets.refresh_token)
    expect(renewals().map(({ form }) => form.get('resource'))).toEqual([server.url])
  })

  test('is renewed once, however many calls and processes want it at the same time', async () => {
    await remit.logIn()
    await using other = open({ store: remit.store })
    await Promise.all([create('warm'), create('warm', undefined, other)])
    remit.ahead = other.ahead = hour
    const names = Array.from({ length: 6 }, (_, index) => `thing_${index}`)
    const results = await Promise.all(names.map((name, index) => create(name, undefined, index % 2 ? remit : other)))
    expect(results.map(({ outcome }) => outcome.status)).toEqual(names.map(() => 'succeeded'))
    expect(renewals()).toHaveLength(1)
  })

  test('is renewed once where the server does not take it any more, and the call is sent again', async () => {
    await remit.logIn()
    await create('before')
    const spent = server.tokens.at(-1)
    server.instead = (body) =>
      body.includes('tools/call') && server.tokens.at(-1) === spent ? { status: 401 } : undefined
    expect(await create('again')).toMatchObject(succeeded)
    expect(renewals()).toHaveLength(1)
    server.instead = (body) => (body.includes('tools/call') ? { status: 401 } : undefined)
    expect(await create('never')).toMatchObject(
      refused(
        'the login of ada at fixture is not taken (HTTP 401): log in again with: remit servers login fixture --principal ada --tenant acme; fixture.create_thing did nothing',
      ),
    )
    expect(renewals()).toHaveLength(2)
  })

  test('has ended where its issuer renews it no more, and that is not asked again', async () => {
    const login = await remit.logIn()
    await remit.store.put({ ...login, secrets: { ...login.secrets, refresh_token: 'stolen and used' } })
    remit.ahead = hour
    for (const name of ['once', 'twice'])
      expect(await create(name)).toMatchObject(refused(expect.stringMatching(/has ended.*remit servers login fixture/)))
    expect(renewals()).toHaveLength(1)
    expect(await remit.store.find(keyOfAda)).toMatchObject({ ended: expect.any(String), secrets: { access_token: '' } })
    await remit.logIn()
    expect(await create('back')).toMatchObject(succeeded)
  })

  test('outlives an issuer that is away for a while', async () => {
    await remit.logIn()
    await create('before')
    remit.ahead = hour
    issuer.instead = () => ({ status: 503, body: 'hunter2' })
    const { outcome } = await create('meanwhile')
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(JSON.stringify([outcome, remit.logged])).not.toContain('hunter2')
    issuer.instead = undefined
    expect(await create('after')).toMatchObject(succeeded)
  })

  test('that does not reach far enough says which scopes are missing, and how to have them', async () => {
    await remit.logIn()
    await create('warm')
    server.requiredScopes = ['things:write']
    expect(await create('no')).toMatchObject(
      refused(
        expect.stringMatching(
          /does not reach far enough for this call \(things:write\): log in with: .*--scope things:write; fixture/,
        ),
      ),
    )
    expect(renewals()).toHaveLength(0)
    const login = await remit.logIn('ada', { scopes: ['things:write'] })
    expect(login.scopes).toEqual(expect.arrayContaining(['things:read', 'things:write']))
    expect(await create('yes')).toMatchObject(succeeded)
  })

  test('does not move along with a server that is moved', async () => {
    await remit.logIn()
    await using elsewhere = await guardedServer(issuer.issuer, folder)
    await using moved = open({ url: elsewhere.url, store: remit.store })
    expect(await create('no', undefined, moved)).toMatchObject(
      refused(expect.stringContaining('is at another place now')),
    )
    await using other = open({ store: remit.store, oauth: { issuer: 'https://other.example' } })
    expect(await create('no', undefined, other)).toMatchObject(refused(expect.stringContaining('another issuer')))
    expect(elsewhere.tokens).toEqual([])
  })

  test('is forgotten here and at its issuer', async () => {
    const login = await remit.logIn()
    await create('before')
    expect(await remit.logins.logOut(keyOfAda)).toEqual({ revoked: true })
    expect(issuer.seen.filter(({ path }) => path === '/token/revocation')).toHaveLength(2)
    expect(await create('after')).toMatchObject(refused(expect.stringContaining('is not logged in')))
    await remit.store.put(login)
    remit.ahead = hour
    expect(await create('revived')).toMatchObject(refused(expect.stringContaining('has ended')))
    await remit.store.remove(keyOfAda)
    expect(await remit.logins.logOut(keyOfAda)).toBeUndefined()
  })

  test('leads nowhere else: a server that redirects gets no token sent after it', async () => {
    await remit.logIn()
    await create('before')
    await using thief = await guardedServer(issuer.issuer, folder)
    for (const status of [302, 307, 308]) {
      server.instead = (body) =>
        body.includes('tools/call') ? { status, headers: { location: thief.url } } : undefined
      expect((await create('moved')).outcome.status).toBe('failed')
    }
    expect(thief.tokens).toEqual([])
  })

  test('is in nothing that is told: outcomes, errors, the log', async () => {
    const login = await remit.logIn()
    const told: unknown[] = [await create('fine')]
    server.instead = () => ({
      status: 401,
      headers: { 'www-authenticate': `Bearer error="${login.secrets.access_token}"` },
    })
    told.push(await create('refused'), remit.gateway.status())
    server.instead = undefined
    issuer.instead = (form) => ({
      status: 400,
      body: JSON.stringify({ error: 'invalid_grant', error_description: form.get('refresh_token') }),
    })
    remit.ahead = hour
    told.push(await create('ended'), remit.logged)
    const text = JSON.stringify(told)
    expect(text).toContain('has ended')
    const kept = (await remit.store.find(keyOfAda))?.secrets ?? login.secrets
    const secrets = [login.secrets, kept].flatMap(({ access_token, refresh_token }) => [access_token, refresh_token])
    for (const secret of secrets.filter(Boolean)) expect(text).not.toContain(secret)
    for (const token of server.tokens) expect(text).not.toContain(token.slice('Bearer '.length))
  })

  test('is taken out of what a server answers', async () => {
    const { secrets } = await remit.logIn()
    const { outcome } = await create(`x${secrets.access_token}`)
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(JSON.stringify(outcome)).not.toContain(secrets.access_token)
  })
})
