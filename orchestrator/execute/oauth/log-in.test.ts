/** Logging in at a real authorization server, with a browser that is honest or not. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AuthorizationServer, authorizationServer } from '../fixtures/oauth/authorization-server.ts'
import { agree } from '../fixtures/oauth/browser.ts'
import { type GuardedServer, guardedServer } from '../fixtures/oauth/guarded-server.ts'
import { type Stage, stage } from '../fixtures/oauth/stage.ts'
import type { Conversation } from './log-in.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'remit-login-'))
const client = {
  client_id: 'remit',
  client_secret: 'hunter2-client',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  application_type: 'native',
}
let issuer: AuthorizationServer
let server: GuardedServer
let remit: Stage
const open = (options: Partial<Parameters<typeof stage>[0]> = {}) => stage({ url: server.url, folder, ...options })

beforeAll(async () => {
  issuer = await authorizationServer({ clients: [client] })
})
afterAll(async () => {
  await issuer[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  server = await guardedServer(issuer.issuer, folder)
  issuer.reset()
  remit = open()
})
afterEach(async () => {
  await remit[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** A browser that does something with the answer on its way back; says what the page told it. */
function browser(tamper: (back: URL) => URL | undefined) {
  const pages: string[] = []
  const conversation: Conversation = {
    offer({ url }) {
      void agree(url).then(async (back) => {
        for (const target of [tamper(back), back]) {
          if (!target) continue
          const response = await fetch(target).catch(() => undefined)
          pages.push(`${response?.status} ${await response?.text()}`)
        }
      })
    },
    pasted: async () => undefined,
  }
  return { conversation, pages }
}

const changed = (name: string, value: string | undefined) => (back: URL) => {
  const url = new URL(back)
  if (value === undefined) url.searchParams.delete(name)
  else url.searchParams.set(name, value)
  return url
}
const tokenRequests = () => issuer.seen.filter(({ path }) => path === '/token')

describe('an answer that a browser brings', () => {
  test.each([
    ['with another state', changed('state', 'guessed')],
    ['without a state', changed('state', undefined)],
    ['at another place', (back: URL) => new URL('/other', back)],
  ])('%s is not taken, and the real one still is', async (_, tamper) => {
    const { conversation, pages } = browser(tamper)
    expect(await remit.logIn('ada', { conversation })).toMatchObject({ principal: 'ada' })
    expect(pages[0]).toMatch(/^40[04] /)
    expect(tokenRequests()).toHaveLength(1)
  })

  test.each([
    ['names another issuer', changed('iss', 'https://evil.example')],
    ['names none, though its issuer always does', changed('iss', undefined)],
  ])('that %s ends the login, and its code is never sent anywhere', async (_, tamper) => {
    const { conversation } = browser(tamper)
    await expect(remit.logIn('ada', { conversation })).rejects.toThrow('came back from another issuer')
    expect(tokenRequests()).toEqual([])
  })

  test('is taken once, and never repeated on the page', async () => {
    const { conversation, pages } = browser((back) => back)
    await remit.logIn('ada', { conversation })
    expect(pages[0]).toBe('200 Remit: You can close this page. The terminal says how the login went.\n')
    await expect.poll(() => pages[1]).toMatch(/^(410|undefined)/)
    expect(tokenRequests()).toHaveLength(1)
  })

  test('is no use to a thief: the code needs the verifier, and works once', async () => {
    let stolen: URL | undefined
    const { conversation } = browser((back) => {
      stolen = back
      return undefined
    })
    await remit.logIn('ada', { conversation })
    const [request] = tokenRequests()
    const redeem = async (verifier: string) => {
      const body = new URLSearchParams(request?.form)
      body.set('code_verifier', verifier)
      return (await fetch(`${issuer.issuer}/token`, { method: 'POST', body })).status
    }
    expect(stolen?.searchParams.get('code')).toBe(request?.form.get('code'))
    expect(await redeem('a-guess-that-is-long-enough-to-be-a-code-verifier')).toBe(400)
    expect(await redeem(request?.form.get('code_verifier') ?? '')).toBe(400)
  })

  test('of a person who says no is told by its code alone', async () => {
    issuer.consent = 'no'
    await expect(remit.logIn()).rejects.toThrow(`${issuer.issuer} did not log anybody in (access_denied)`)
    await expect(remit.logIn()).rejects.not.toThrow('hunter2')
  })

  test('may be pasted, where the browser is on another machine', async () => {
    const wrongs: (string | undefined)[] = []
    const back = Promise.withResolvers<URL>()
    const conversation: Conversation = {
      offer: ({ url }) => void agree(url).then(back.resolve),
      async pasted(_, wrong) {
        wrongs.push(wrong)
        const url = await back.promise
        return ['nonsense', changed('state', 'guessed')(url).href, ` ${url.href}\n`][wrongs.length - 1]
      },
    }
    expect(await remit.logIn('ada', { conversation })).toMatchObject({ principal: 'ada' })
    expect(wrongs).toEqual([
      undefined,
      expect.stringContaining('no URL'),
      expect.stringContaining('its state is another'),
    ])
  })

  test('is not waited for forever, and not after Ctrl-C', async () => {
    const conversation: Conversation = { offer: () => undefined, pasted: async () => undefined }
    await expect(remit.logIn('ada', { conversation, patienceMs: 20 })).rejects.toThrow('nobody logged in within 0.02 s')
    const interrupt = new AbortController()
    const patient = remit.logIn('ada', {
      signal: interrupt.signal,
      conversation: { ...conversation, offer: () => interrupt.abort(new Error('Ctrl-C')) },
    })
    await expect(patient).rejects.toThrow('Ctrl-C')
  })
})

describe('a client', () => {
  test('that was registered by hand proves itself with its secret, which is read late and kept nowhere', async () => {
    const environment: Record<string, string> = {}
    await using known = open({
      environment,
      oauth: { issuer: issuer.issuer, client: { id: 'remit', secret: { env: 'TICKETS_SECRET' } } },
    })
    await expect(known.logIn()).rejects.toThrow(
      '/servers/fixture/oauth/client/secret comes from the environment variable TICKETS_SECRET, which is not set',
    )
    environment.TICKETS_SECRET = 'hunter2-client'
    const login = await known.logIn()
    expect(login.secrets).toMatchObject({ client: { client_id: 'remit' } })
    expect(JSON.stringify(login)).not.toContain('hunter2')
    expect(issuer.seen.some(({ path }) => path === '/reg')).toBe(false)
    known.ahead = 3_600_000
    expect((await known.call('create_thing', { name: 'later' })).outcome).toMatchObject({ status: 'succeeded' })
    await using unknown = open({ store: known.store, oauth: { issuer: issuer.issuer, client: { id: 'other' } } })
    unknown.ahead = 7_200_000
    expect((await unknown.call('create_thing', { name: 'no' })).outcome).toMatchObject({
      failure: { kind: 'unauthorized', message: expect.stringContaining('another client') },
    })
  })

  test('that nobody registered needs an issuer that registers it, or takes its document', async () => {
    issuer.metadata = ({ registration_endpoint: _, ...document }) => document
    await expect(remit.logIn()).rejects.toThrow(
      /registers no clients by itself: register one there, with the redirect URI http:\/\/127\.0\.0\.1\/callback, and write \/servers\/fixture\/oauth\/client/,
    )
    await using documented = open({ oauth: { client: { document: 'https://remit.example/client.json' } } })
    await expect(documented.logIn()).rejects.toThrow('takes no Client ID Metadata Document')
    issuer.metadata = (document) => ({ ...document, client_id_metadata_document_supported: true })
    const offered: string[] = []
    const offer: Conversation['offer'] = ({ url }) => void offered.push(url)
    const conversation = { offer, pasted: async () => undefined }
    await expect(documented.logIn('ada', { conversation, patienceMs: 50 })).rejects.toThrow('nobody logged in')
    expect(new URL(offered[0] ?? '').searchParams.get('client_id')).toBe('https://remit.example/client.json')
    expect(issuer.seen).toEqual([])
  })
})
