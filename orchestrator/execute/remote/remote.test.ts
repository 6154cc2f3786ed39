/** Calls to a real server of the kit over Streamable HTTP, with the tokens that are made for them and with others. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { manifestOf } from '../../../shared/capability/manifest-of.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { server as fixture, fixtureEnvironment } from '../../../test/support/fixture-server.ts'
import { type NodeProcess, spawnNode } from '../../../test/support/spawn-node.ts'
import { openHome } from '../../home/home.ts'
import type { CallRequest } from '../../model/call.ts'
import { catalogueOf } from '../../model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../../model/seal.ts'
import { openEraVerdicts } from '../era-verdicts.ts'
import { type ManInTheMiddle, manInTheMiddle } from '../fixtures/man-in-the-middle.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { callBearer } from '../tokens/call-bearer.ts'
import { tokenMint } from '../tokens/mint-token.ts'
import { openTokenKeys } from '../tokens/token-keys.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const script = 'test/support/fixture-main.ts'
const folder = mkdtempSync(join(tmpdir(), 'remit-remote-'))
const home = openHome(join(folder, 'home'))
const now = () => new Date()
const keys = openTokenKeys({ home, now })
const mint = tokenMint({ keys, now, newId: () => crypto.randomUUID() })
const manifest = manifestOf(fixture)
const ownerOf = async () => ({ tenant: 'acme', principal: 'local:ada' })
let kit: NodeProcess
let kitUrl: string
let man: ManInTheMiddle
let gateway: Gateway

function serve(args: string[], environment: Record<string, string> = {}): NodeProcess {
  return spawnNode(script, args, { ...fixtureEnvironment, REMIT_SERVER_DATA: join(folder, 'data'), ...environment })
}

function open(url: string): Gateway {
  return openGateway({
    catalogue: catalogueOf({ version: 1, servers: [manifest] }),
    launch: ({ name }) => ({ url, bearer: callBearer({ server: name, mint, ownerOf }) }),
    sealers: () => createSealer('run-1', new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(folder, 'eras.json'), now),
    now,
    log: { warn: () => {} },
  })
}

beforeAll(async () => {
  await keys.published()
  kit = serve(['--http'], { REMIT_TOKEN_KEYS: keys.file })
  const said = await kit.until(/listens on \S+\n/, 'stderr')
  kitUrl = /listens on (\S+)/.exec(said)?.[1] ?? ''
})
afterAll(async () => {
  kit.child.kill('SIGTERM')
  await kit.exited
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  man = await manInTheMiddle(kitUrl)
  gateway = open(man.url)
})
afterEach(async () => {
  await gateway.close()
  await man[Symbol.asyncDispose]()
})

function request(tool: string, args: JsonObject, within = 20_000): CallRequest {
  return {
    run_id: 'run-1',
    call_id: crypto.randomUUID(),
    server: 'fixture',
    tool,
    arguments: args,
    idempotency_key: crypto.randomUUID(),
    deadline: new Date(Date.now() + within).toISOString(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
}

const call = (tool: string, args: JsonObject, within?: number) =>
  gateway.call(request(tool, args, within), { signal: new AbortController().signal })
const create = (name: string, more: JsonObject = {}) => call('create_thing', { name, ...more })

/** What the last call of a tool looked like on the wire. */
function lastCall(): { headers: Record<string, string>; body: JsonObject; token: string } {
  const seen = man.seen.findLast(({ body }) => body.includes('"tools/call"'))
  const { authorization = '', 'mcp-protocol-version': era = '' } = seen?.headers ?? {}
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': String(era),
    'mcp-method': 'tools/call',
    'mcp-name': String(seen?.headers['mcp-name']),
  }
  return { headers, body: JSON.parse(seen?.body ?? '{}'), token: authorization.replace('Bearer ', '') }
}

function claimsIn(token: string): JsonObject {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

async function send(token: string | undefined, body: JsonObject): Promise<Response> {
  const { headers } = lastCall()
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return fetch(kitUrl, { method: 'POST', headers: { ...headers, ...authorization }, body: JSON.stringify(body) })
}

describe('calls to a server elsewhere', () => {
  test('carry a token for this server, this tool, this run and these arguments, for a minute at most', async () => {
    expect(await create('wired')).toMatchObject({ era: '2026-07-28', outcome: { status: 'succeeded' } })
    const { exp, iat, jti, ...claims } = claimsIn(lastCall().token)
    expect(claims).toEqual({
      iss: 'remit',
      aud: 'fixture',
      sub: 'local:ada',
      tenant: 'acme',
      run_id: 'run-1',
      scope: 'tool:create_thing',
      arguments_digest: expect.stringMatching(/^sha256:/),
    })
    expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(60)
    expect(jti).toEqual(expect.any(String))
  })

  test('never share a token with another request', async () => {
    await create('one')
    await create('two')
    const tokens = man.seen.map(({ headers }) => headers.authorization)
    expect(tokens.every((token) => token?.startsWith('Bearer '))).toBe(true)
    expect(new Set(tokens).size).toBe(tokens.length)
  })

  test('report what the server reports', async () => {
    expect((await create('no', { ending: 'decline' })).outcome).toMatchObject({ failure: { kind: 'declined' } })
    expect((await call('find_thing', { name: 'nobody' })).outcome).toMatchObject({ failure: { kind: 'not_found' } })
  })

  test.each(['lose_the_answer', 'end_the_stream'] as const)(
    'are uncertain at once when things %s, and a read has failed',
    async (mischief) => {
      await create('before')
      man.mischief = mischief
      const lost = { status: 'uncertain', failure: { kind: 'unavailable', message: expect.stringMatching(/broke/) } }
      expect((await create('lost')).outcome).toMatchObject(lost)
      const found = await call('find_thing', { name: 'lost' })
      expect(found.outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
      man.mischief = 'none'
      expect((await call('find_thing', { name: 'lost' })).outcome).toMatchObject({ status: 'succeeded' })
    },
  )

  test.each([
    [401, {}, { status: 'failed', failure: { kind: 'unauthorized' } }],
    [404, {}, { status: 'failed', failure: { kind: 'internal' } }],
    [307, { location: 'http://127.0.0.1:1/' }, { status: 'failed', failure: { kind: 'internal' } }],
    [429, { 'retry-after': '7' }, { status: 'failed', failure: { kind: 'rate_limited', retry_after_ms: 7_000 } }],
    [503, {}, { status: 'uncertain', failure: { kind: 'unavailable' } }],
  ])('that HTTP answers with %d settle as they should', async (status, headers, outcome) => {
    man.mischief = { status, headers }
    expect((await create(`status_${status}`)).outcome).toMatchObject(outcome)
  })

  test('that take too long are given up, and may have happened', async () => {
    await create('warm')
    const { outcome } = await call('create_thing', { name: 'slow', ending: 'hang' }, 500)
    expect(outcome).toMatchObject({ status: 'uncertain', failure: { message: expect.stringContaining('deadline') } })
  })

  test('are not sent where nobody listens', async () => {
    await gateway.close()
    await man[Symbol.asyncDispose]()
    gateway = open(man.url)
    expect((await create('nowhere')).outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', message: expect.stringContaining('cannot be reached (ECONNREFUSED)') },
    })
    expect(gateway.status()).toMatchObject([{ state: 'backing_off' }])
  })

  test('stop after failures in a row, until the server is back', async () => {
    await create('steady')
    man.mischief = { status: 500 }
    for (let i = 0; i < 5; i++) await call('find_thing', { name: 'steady' })
    expect(gateway.status()).toMatchObject([{ circuit: 'open' }])
    const before = man.seen.length
    expect((await call('find_thing', { name: 'steady' })).outcome).toMatchObject({ failure: { kind: 'unavailable' } })
    expect(man.seen).toHaveLength(before)
  })
})

describe('a server of the kit that has keys', () => {
  beforeEach(async () => {
    await create('captured')
  })

  const challenged = async (response: Response, why: string) => {
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(`Bearer error="invalid_token", error_description="${why}"`)
  }

  test('refuses a token a second time', async () => {
    const { token, body } = lastCall()
    await challenged(await send(token, body), 'the token was used before')
  })

  test('refuses a request without a token', async () => {
    await challenged(await send(undefined, lastCall().body), 'a token for this request is needed')
  })

  test('refuses another tool and other arguments', async () => {
    const grant = { tool: 'create_thing', arguments: { name: 'mine' }, run_id: 'r', tenant: 't', principal: 'p' }
    const body = (name: string, args: JsonObject) => ({
      ...lastCall().body,
      params: { ...(lastCall().body.params as JsonObject), name, arguments: args },
    })
    const other = await send(await mint('fixture', grant), body('create_thing', { name: 'theirs' }))
    await challenged(other, 'the token is for other arguments')
    const tool = await send(await mint('fixture', grant), body('delete_thing', { name: 'mine' }))
    await challenged(tool, 'the token is not for this tool')
    const elsewhere = await send(await mint('billing', grant), body('create_thing', { name: 'mine' }))
    await challenged(elsewhere, 'the token is for another server')
    const right = await send(await mint('fixture', grant), body('create_thing', { name: 'mine' }))
    expect(right.status).toBe(200)
  })

  test('refuses a body that is changed on the way', async () => {
    const { token, body } = lastCall()
    const [head, claims, signature] = token.split('.')
    const forged = Buffer.from(JSON.stringify({ ...claimsIn(token), sub: 'root' })).toString('base64url')
    await challenged(await send(`${head}.${forged}.${signature}`, body), 'the token is not valid')
    expect(claims).not.toBe(forged)
  })

  test('does not tell its tools to somebody without a token', async () => {
    const response = await fetch(kitUrl, { method: 'POST', body: JSON.stringify({ method: 'tools/list' }) })
    expect(response.status).toBe(401)
  })
})

describe('a server of the kit without keys', () => {
  test('refuses to listen where others could reach it, and says what it needs', async () => {
    await using open = serve(['--http', '--host', '0.0.0.0'])
    expect(await open.exited).toBe(2)
    expect(open.stderr()).toMatch(/0\.0\.0\.0 can be reached by others: set REMIT_TOKEN_KEYS/)
  })

  test('listens there with keys, and takes nothing from web pages', async () => {
    await using open = serve(['--http', '--host', '0.0.0.0'], { REMIT_TOKEN_KEYS: keys.file })
    const said = await open.until(/listens on \S+\n/, 'stderr')
    const url = (/listens on (\S+)/.exec(said)?.[1] ?? '').replace('0.0.0.0', '127.0.0.1')
    expect((await fetch(url, { method: 'POST', headers: { origin: 'http://localhost' } })).status).toBe(403)
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401)
  })
})
