/** What servers say of themselves, and of whom it is believed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AuthorizationServer, authorizationServer } from '../fixtures/oauth/authorization-server.ts'
import { type GuardedServer, guardedServer } from '../fixtures/oauth/guarded-server.ts'
import { type Stage, stage } from '../fixtures/oauth/stage.ts'
import { carefulFetch, checkPlace } from './careful-fetch.ts'
import { placesOf } from './places.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'remit-discover-'))
let issuer: AuthorizationServer
let other: AuthorizationServer
let server: GuardedServer
let remit: Stage

beforeAll(async () => {
  issuer = await authorizationServer()
  other = await authorizationServer()
})
afterAll(async () => {
  await issuer[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  server = await guardedServer(issuer.issuer, folder)
  issuer.reset()
  other.reset()
  remit = stage({ url: server.url, folder })
})
afterEach(async () => {
  await remit[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const says = (metadata: Record<string, unknown>) => {
  server.metadata = { ...server.metadata, ...metadata }
}
const configured = (oauth: Parameters<typeof stage>[0]['oauth']) =>
  stage({ url: server.url, folder, ...(oauth && { oauth }) })

describe('the metadata of a server', () => {
  test('is found by its challenge, and where it has none at its well-known place', async () => {
    server.metadataUrl = undefined
    expect(await remit.logIn()).toMatchObject({ resource: server.url })
  })

  test('counts less than the scopes of a challenge, also where the server lets a handshake in without a token', async () => {
    says({ scopes_supported: ['things:read'] })
    server.instead = (body) => {
      if (body.includes('"initialize"')) return { status: 200 }
      return { status: 401, headers: { 'www-authenticate': 'Bearer scope="things:write"' } }
    }
    const { scopes } = await remit.logIn()
    expect(scopes).toContain('things:write')
    expect(scopes).not.toContain('things:read')
  })

  test('on another origin is not asked for', async () => {
    await using evil = await guardedServer(other.issuer, folder)
    server.metadataUrl = evil.metadataUrl
    await expect(remit.logIn()).rejects.toThrow('points to another origin for its metadata')
    expect(other.seen).toEqual([])
  })

  test.each(['https://bank.example/mcp', 'http://127.0.0.1:1/mcp', 'nonsense'])(
    'is not believed where it is for %s',
    async (resource) => {
      says({ resource })
      await expect(remit.logIn()).rejects.toThrow(/is for another resource|does not say who gives tokens/)
    },
  )

  test('has to name an issuer that the configuration names', async () => {
    await using strict = configured({ issuer: issuer.issuer })
    says({ authorization_servers: [other.issuer] })
    await expect(strict.logIn()).rejects.toThrow(`takes no tokens of ${issuer.issuer}`)
    expect(other.seen).toEqual([])
    says({ authorization_servers: [other.issuer, issuer.issuer] })
    await expect(remit.logIn()).rejects.toThrow(
      'names several authorization servers: write /servers/fixture/oauth/issuer',
    )
    expect(await strict.logIn()).toMatchObject({ issuer: issuer.issuer })
  })

  test('may be missing only where the configuration says who the issuer is', async () => {
    server.metadata = undefined
    await expect(remit.logIn()).rejects.toThrow('write /servers/fixture/oauth/issuer in the configuration')
    await using told = configured({ issuer: issuer.issuer, scopes: ['things:read'] })
    expect(await told.logIn()).toMatchObject({ resource: server.url, issuer: issuer.issuer })
  })
})

describe('the metadata of an authorization server', () => {
  test('that speaks for another issuer is refused (mixed-up)', async () => {
    issuer.metadata = (document) => ({ ...document, issuer: other.issuer })
    await expect(remit.logIn()).rejects.toThrow('it speaks for another issuer')
    expect(issuer.seen).toEqual([])
  })

  test.each([
    ['code_challenge_methods_supported', undefined, 'does not say that it has PKCE'],
    ['code_challenge_methods_supported', ['plain'], 'does not say that it has PKCE'],
    ['authorization_endpoint', 'http://auth.example/authorize', 'http://auth.example is not asked: it is not https'],
    ['authorization_endpoint', 'file:///etc/passwd', /cannot be used|is not asked: it is not https/],
    ['authorization_endpoint', 'javascript:alert(1)', /cannot be used|is not asked: it is not https/],
    ['token_endpoint', 'http://auth.example/token', /not https/],
  ])('whose %s is %j is not used', async (name, value, why) => {
    issuer.metadata = (document) => ({ ...document, [name]: value })
    await expect(remit.logIn()).rejects.toThrow(why)
  })

  test('that redirects elsewhere is not followed', async () => {
    issuer.instead = () => ({ status: 307, headers: { location: `${other.issuer}/token` } })
    await expect(remit.logIn()).rejects.toThrow(/the code of .* was refused|failed/)
    expect(other.seen).toEqual([])
  })
})

describe('a token', () => {
  test('for another audience is not sent to the server', async () => {
    issuer.audience = 'https://bank.example/api'
    await expect(remit.logIn()).rejects.toThrow(
      `gave a token for another audience than ${server.url}, which is not sent there`,
    )
    expect(server.tokens).toEqual([])
    expect(remit.store.logins.size).toBe(0)
  })

  test('for the audience that the configuration names is used', async () => {
    issuer.audience = 'urn:things'
    await using told = configured({ audience: 'urn:things' })
    expect(await told.logIn()).toMatchObject({ principal: 'ada' })
  })
})

describe('where metadata may point', () => {
  const addresses: Record<string, string[]> = {
    'public.example': ['93.184.216.34'],
    'intranet.example': ['10.1.2.3'],
    'rebound.example': ['93.184.216.34', '127.0.0.1'],
    'cloud.example': ['169.254.169.254'],
    'six.example': ['fd00::1'],
  }
  const resolve = async (name: string) => addresses[name] ?? []
  const from = (url: string, issuer?: string) =>
    placesOf({ name: 'x', url, others: [], settings: { grant: 'authorization_code', issuer } }, 'world', resolve)
  const outcome = async (url: string, places: Awaited<ReturnType<typeof from>>) =>
    checkPlace(new URL(url), places, resolve).then(
      () => 'asked',
      (error: Error) => error.message,
    )

  test.each([
    'https://intranet.example/',
    'https://rebound.example/',
    'https://cloud.example/latest',
    'https://six.example/',
    'https://10.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://127.0.0.1:8443/',
    'http://127.0.0.1:8080/',
    'https://localhost/',
  ])('a server in the world does not make us ask %s', async (url) => {
    expect(await outcome(url, await from('https://public.example/mcp'))).toMatch(/is not asked: it is nearer/)
  })

  test('a server of the own network may point into it, and to the world', async () => {
    const places = await from('https://intranet.example/mcp')
    expect(await outcome('https://10.0.0.1/', places)).toBe('asked')
    expect(await outcome('https://public.example/', places)).toBe('asked')
    expect(await outcome('https://localhost/', places)).toMatch(/is nearer/)
  })

  test('what the operator wrote down may be as near as it is', async () => {
    const places = await from('https://public.example/mcp', 'https://intranet.example')
    expect(await outcome('https://intranet.example/token', places)).toBe('asked')
  })

  test('http is for loopback alone, and an emulated run stays on the machine', async () => {
    const places = await from('http://127.0.0.1:1/mcp')
    expect(await outcome('http://public.example/', places)).toMatch(/is not https/)
    expect(await outcome('http://localhost:1/', places)).toBe('asked')
    expect(await outcome('https://public.example/', { ...places, farthest: 'machine' })).toMatch(/mode is "emulated"/)
  })

  test('what is too long is not read to its end', async () => {
    const fetch = carefulFetch({ places: { nearest: 'machine', farthest: 'world' }, limits: { bytes: 10, ms: 5_000 } })
    const response = await fetch(`${issuer.issuer}/.well-known/openid-configuration`)
    await expect(response.text()).rejects.toThrow('answered too much')
  })
})
