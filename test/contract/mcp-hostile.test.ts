import type { Client } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type McpScope, mcpScopes } from '../../orchestrator/mcp/backend.ts'
import { tasksExtension } from '../../orchestrator/mcp/run-task.ts'

import type { JsonObject } from '../../shared/json.ts'
import { type FakeIssuer, openFakeIssuer } from '../support/fake-issuer.ts'
import type { KeyOptions } from '../support/http-stage.ts'
import { type McpStage, openMcpStage, publicUrl } from '../support/mcp-stage.ts'

let stage: McpStage
let fake: FakeIssuer
let ann: Client
/** A call of ann's that waits for an approval under four eyes. */
let run_id: string
let approval_id: string

const followsTasks = { extensions: { [tasksExtension]: {} } }
/** What stands in acme's data, and nowhere else. */
const secrets = ['acme-subject', 'ann-of-acme']
const annKey = { tenant: 'acme', principal: 'ann-of-acme' }
let calls = 0

beforeAll(async () => {
  fake = await openFakeIssuer()
  stage = await openMcpStage({
    issuer: {
      url: fake.url,
      audience: 'the other routes',
      tenant: { claim: 'org' },
      scopes_claim: 'scope',
      ceiling: {},
      requests_per_minute: 600,
    },
  })
  ann = await clientOf(annKey)
}, 60_000)
beforeEach(async () => {
  calls += 1
  const held = await call(ann, 'call_tool', vault(`acme-subject ${calls}`))
  expect(held).toMatchObject({ isError: true, structuredContent: { failure: { kind: 'approval_required' } } })
  ;({ run_id, approval_id } = held.structuredContent as { run_id: string; approval_id: string })
})
afterAll(async () => {
  expect([stage.http.troubles, stage.defects]).toEqual([[], []])
  await stage[Symbol.asyncDispose]()
  await fake[Symbol.asyncDispose]()
})

const vault = (subject: string) => ({ tool: 'vault.make_item', arguments: { subject, crm_id: 'crm-1' } })

async function clientOf(key: KeyOptions = {}, mode?: 'legacy'): Promise<Client> {
  const { text: credential } = await stage.http.makeKey({ scopes: [...mcpScopes], ...key })
  return stage.connect({ credential, capabilities: followsTasks, ...(mode && { mode }) })
}

async function call(client: Client, name: string, args: JsonObject) {
  return client.callTool({ name, arguments: args })
}

/** How a call was refused: by the tool, or by the protocol before it. */
async function refusalOf(client: Client, name: string, args: JsonObject): Promise<string> {
  const result = await call(client, name, args).catch((error: Error) => error)
  if (result instanceof Error) return result.message
  expect(result.isError).toBe(true)
  return JSON.stringify(result.content)
}

const ask = (client: Client, method: string, params: JsonObject) =>
  client.request({ method, params }, anything) as Promise<JsonObject>

const recorded = () => stage.http.yard.record.journal.read(run_id)
const decide = (choice: 'approve' | 'deny') => ({ run_id, approval_id, choice })

/** How many items a station has made. */
async function made(name = 'vault'): Promise<number> {
  return (await stage.http.yard.effects()).filter(({ station }) => station === name).length
}

describe.each([
  ['newer', undefined],
  ['older', 'legacy' as const],
])('somebody of another tenant, who knows all ids, by a client of the %s era', (_, mode) => {
  let eve: Client
  beforeAll(async () => {
    eve = await clientOf({ tenant: 'eve', principal: 'eve' }, mode)
  })

  test.each<[string, () => JsonObject]>([
    ['get_run', () => ({ run_id })],
    ['cancel_run', () => ({ run_id })],
    ['answer_run', () => ({ run_id, choice: 'undo' })],
    ['answer_run', () => decide('approve')],
    ['answer_run', () => decide('deny')],
  ])('gets nothing by %s, and changes nothing', async (name, args) => {
    const before = await recorded()
    expect(await refusalOf(eve, name, args())).toContain('There is no run')
    expect(await recorded()).toEqual(before)
  })

  test('sees no run of theirs in a list, whatever the cursor', async () => {
    for (const args of [{}, { cursor: 'ffffffff-ffff-7fff-bfff-ffffffffffff' }, { status: 'waiting' }]) {
      const { structuredContent } = await call(eve, 'list_runs', args)
      expect(structuredContent).toEqual({ runs: [] })
    }
    expect((await eve.listResources()).resources).toEqual([])
  })

  test('reads no resource of theirs', async () => {
    for (const uri of [`remit://runs/${run_id}`, `remit://runs/${run_id}/timeline`]) {
      const error = await eve.readResource({ uri }).catch((refused: Error) => refused)
      expect(error).toBeInstanceOf(Error)
      for (const secret of secrets) expect(String(error)).not.toContain(secret)
      expect(JSON.stringify(await ann.readResource({ uri }))).toContain('acme-subject')
    }
  })
})

test('somebody of another tenant follows, answers and cancels no task of theirs', async () => {
  const eve = await clientOf({ tenant: 'eve', principal: 'eve' })
  const before = await recorded()
  const inputResponses = { [approval_id]: { action: 'accept', content: { choice: 'approve' } } }
  for (const [method, params] of [
    ['tasks/get', {}],
    ['tasks/cancel', {}],
    ['tasks/update', { inputResponses }],
  ] as const)
    await expect(ask(eve, method, { taskId: run_id, ...params })).rejects.toThrow(`There is no task ${run_id}`)
  expect(await recorded()).toEqual(before)
})

test('what was sealed for one caller to go on with is nothing to another', async () => {
  const board = { tool: 'board.make_item', arguments: { subject: 'sealed' } }
  const bodies: string[] = []
  const { text: credential } = await stage.http.makeKey({ scopes: [...mcpScopes], ...annKey })
  const seen: typeof fetch = async (url, init) => {
    if (typeof init?.body === 'string') bodies.push(init.body)
    return fetch(url, init)
  }
  const asking = await stage.connect({ credential, capabilities: { elicitation: { form: {} } }, fetch: seen })
  asking.setRequestHandler('elicitation/create', () => ({ action: 'decline' }))
  await call(asking, 'call_tool', board)
  const body = bodies.findLast((text) => text.includes('requestState')) ?? ''
  const replayed = JSON.parse(body.replaceAll('"decline"', '"accept","content":{"choice":"approve"}'))
  const replay = async (as: string) =>
    (await post(JSON.stringify(replayed), { authorization: `Bearer ${as}` }, replayed)).text()
  const { text: evesKey } = await stage.http.makeKey({ scopes: [...mcpScopes], tenant: 'eve', principal: 'eve' })
  const { text: bensKey } = await stage.http.makeKey({ scopes: [...mcpScopes], tenant: 'acme', principal: 'ben' })
  for (const as of [evesKey, bensKey]) expect(await replay(as)).toMatch(/"error"|"isError":true/)
  expect(await made('board')).toBe(0)
  // To ann's client the very same message is the answer to what it was asked.
  expect(await replay(credential)).toContain('"output"')
  expect(await made('board')).toBe(1)
})

describe('who asked, under four eyes', () => {
  test('decides through no door, whatever their scopes', async () => {
    const before = await recorded()
    expect(await refusalOf(ann, 'answer_run', decide('approve'))).toContain('somebody else than ann-of-acme')
    const inputResponses = { [approval_id]: { action: 'accept', content: { choice: 'approve' } } }
    await ask(ann, 'tasks/update', { taskId: run_id, inputResponses })
    expect(await ask(ann, 'tasks/get', { taskId: run_id })).toMatchObject({ status: 'working' })
    const http = await stage.http.client(annKey)
    const response = await http(`/v1/approvals/${approval_id}/approve`, { method: 'POST', body: {} })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('somebody else than ann-of-acme') })
    expect(await recorded()).toEqual(before)
  })

  test('goes on once somebody else has decided, for this one call alone', async () => {
    const before = await made()
    const ben = await clientOf({ tenant: 'acme', principal: 'ben', scopes: ['approvals:decide'] })
    expect(await call(ben, 'answer_run', decide('approve'))).toMatchObject({
      structuredContent: { answered: 'approve' },
    })
    expect((await recorded()).at(-1)).toMatchObject({ type: 'wait_ended', data: { by: 'ben', choice: 'approve' } })
    const asked = vault(`acme-subject ${calls}`)
    expect(await call(ann, 'call_tool', asked)).toMatchObject({ structuredContent: { run_id } })
    expect(await made()).toBe(before + 1)
    expect(await refusalOf(ben, 'answer_run', decide('approve'))).toContain('not open any more')
    const again = (await call(ann, 'call_tool', asked)).structuredContent
    expect(again).toMatchObject({ failure: { kind: 'approval_required' } })
    expect(again).not.toMatchObject({ approval_id })
    expect(await made()).toBe(before + 1)
  })

  test('goes on as a task, too, where somebody else answers it', async () => {
    const ben = await clientOf({ tenant: 'acme', principal: 'ben' })
    const asking = await ask(ben, 'tasks/get', { taskId: run_id })
    expect(asking).toMatchObject({ status: 'input_required', inputRequests: { [approval_id]: expect.anything() } })
    const inputResponses = { [approval_id]: { action: 'accept', content: { choice: 'deny', why: 'too dear' } } }
    await ask(ben, 'tasks/update', { taskId: run_id, inputResponses })
    expect((await recorded()).at(-1)).toMatchObject({ data: { by: 'ben', choice: 'deny', why: 'too dear' } })
  })
})

describe('whose own runs could not make the call', () => {
  const ceiling = { effect: 'read' } as const

  test('approves it through no door, and is told why', async () => {
    const before = await recorded()
    const key = { tenant: 'acme', principal: 'reader', ceiling }
    const why = 'reader may not approve vault.make_item: it is of the effect create, and this key is for read at most'
    expect(await refusalOf(await clientOf(key), 'answer_run', decide('approve'))).toContain(why)
    const http = await stage.http.client(key)
    const response = await http(`/v1/approvals/${approval_id}/approve`, { method: 'POST', body: {} })
    expect([response.status, await response.json()]).toMatchObject([403, { detail: why }])
    expect(await recorded()).toEqual(before)
  })

  test('denies it all the same', async () => {
    const reader = await clientOf({ tenant: 'acme', principal: 'reader', ceiling })
    await call(reader, 'answer_run', decide('deny'))
    expect((await recorded()).at(-1)).toMatchObject({ data: { by: 'reader', choice: 'deny' } })
  })

  test('makes no such call either', async () => {
    const reader = await clientOf({ tenant: 'acme', principal: 'reader', ceiling })
    const before = await made()
    expect(await refusalOf(reader, 'call_tool', vault('by a reader'))).not.toContain('waits for approval')
    expect(await made()).toBe(before)
  })
})

test('who may pursue other goals alone changes nothing of a run, by any tool', async () => {
  const other = await clientOf({ tenant: 'acme', principal: 'other', ceiling: { goals: ['three'] } })
  const before = await recorded()
  for (const [name, args] of [
    ['cancel_run', { run_id }],
    ['answer_run', { run_id, choice: 'undo' }],
    ['answer_run', decide('deny')],
    ['call_tool', vault('of another')],
    ['start_run', { goal: 'five', input: { subject: 'x' } }],
  ] as const)
    expect(await refusalOf(other, name, args)).toMatch(/This key may not (change runs of|pursue)/)
  await expect(ask(other, 'tasks/cancel', { taskId: run_id })).rejects.toThrow('may not change runs of')
  expect(await recorded()).toEqual(before)
  expect((await other.listPrompts()).prompts.map(({ name }) => name)).toEqual(['three'])
  await expect(other.getPrompt({ name: 'five', arguments: { details: '' } })).rejects.toThrow()
})

test.each(mcpScopes)('a key that has every scope but %s does nothing that takes it', async (lacking) => {
  const key = { tenant: 'acme', principal: 'ben', scopes: mcpScopes.filter((scope) => scope !== lacking) }
  const client = await clientOf(key)
  const before = await recorded()
  const needs: Record<McpScope, [string, JsonObject][]> = {
    'runs:read': [
      ['get_run', { run_id }],
      ['list_runs', {}],
    ],
    'runs:write': [
      ['start_run', { goal: 'three', input: { subject: 'x' } }],
      ['cancel_run', { run_id }],
      ['answer_run', { run_id, choice: 'undo' }],
    ],
    'approvals:decide': [['answer_run', decide('approve')]],
    'tools:read': [['find_tools', { query: 'make' }]],
    'tools:call': [['call_tool', vault('x')]],
  }
  for (const [name, args] of needs[lacking]) expect(await refusalOf(client, name, args)).toContain(lacking)
  if (lacking === 'runs:read') {
    await expect(client.readResource({ uri: `remit://runs/${run_id}` })).rejects.toThrow(lacking)
    await expect(ask(client, 'tasks/get', { taskId: run_id })).rejects.toThrow(lacking)
  }
  expect(await recorded()).toEqual(before)
})

describe('/mcp on a socket', () => {
  const initialize = { jsonrpc: '2.0', id: 1, method: 'ping' }

  test.each<[string, number, (key: string) => Record<string, string>]>([
    ['without a key', 401, () => ({})],
    ['with a key that nobody made', 401, () => ({ authorization: `Bearer remit_${'0'.repeat(16)}_${'A'.repeat(43)}` })],
    ['by a page of another origin', 403, (key) => ({ authorization: `Bearer ${key}`, origin: 'https://evil.example' })],
  ])('refuses a request %s', async (_, status, headersFor) => {
    const { text } = await stage.http.makeKey()
    expect((await post(JSON.stringify(initialize), headersFor(text))).status).toBe(status)
  })

  test('refuses a key that was revoked, or is over', async () => {
    const { key_id, text } = await stage.http.makeKey({ tenant: 'acme' })
    const client = await stage.connect({ credential: text })
    await stage.http.yard.record.apiKeys.revoke('acme', key_id)
    await expect(call(client, 'list_runs', {})).rejects.toThrow()
    const over = await stage.http.makeKey({ expires_at: new Date(Date.now() - 1) })
    expect((await post('{}', { authorization: `Bearer ${over.text}` })).status).toBe(401)
  })

  test('counts each request of a key, as the other routes do', async () => {
    const { text } = await stage.http.makeKey({ tenant: 'acme', requests_per_minute: 2 })
    const asked = () => post(JSON.stringify(initialize), { authorization: `Bearer ${text}` })
    const responses = [await asked(), await asked(), await asked()]
    expect(responses.map(({ status }) => status === 429)).toEqual([false, false, true])
    expect(responses[2]?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await responses[2]?.json()).toMatchObject({ type: 'urn:remit:problem:rate_limited' })
  })

  test('takes a token of the issuer that is meant for it, and no other', async () => {
    const claims = { sub: 'ann', org: 'acme', scope: mcpScopes.join(' ') }
    const meant = await fake.token(claims, (jwt) => jwt.setAudience(`${publicUrl}/mcp`))
    const client = await stage.connect({ credential: meant })
    const { structuredContent } = await call(client, 'list_runs', {})
    expect(JSON.stringify(structuredContent)).toContain(run_id)
    const wrong = [
      await fake.token(claims),
      await fake.token(claims, (jwt) => jwt.setAudience('the other routes')),
      await fake.token(claims, (jwt) => jwt.setAudience(publicUrl)),
      await fake.token(claims, (jwt) => jwt.setAudience(`${publicUrl}/mcp`).setExpirationTime('-1m')),
    ]
    for (const token of wrong) {
      const refused = await post('{}', { authorization: `Bearer ${token}` })
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining(`resource_metadata="${publicUrl}/.well-known/oauth-protected-resource/mcp"`),
      ])
    }
  })

  test('takes no body that is too large, too deep or no JSON, and goes on', async () => {
    const { text } = await stage.http.makeKey({ tenant: 'acme' })
    const authorization = `Bearer ${text}`
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    const params = `{"name":"call_tool","arguments":{"tool":"board.make_item","arguments":${deep}}}`
    const statuses = [
      await post('x'.repeat(1_100_000), { authorization }),
      await post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`, { authorization }),
      await post('{"jsonrpc":', { authorization }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([413, 400, 400])
    expect(await call(ann, 'list_runs', {})).not.toMatchObject({ isError: true })
  })
})

/** A request on a socket; of `message`, the headers that the newer era wants beside it. */
async function post(body: string, headers: Record<string, string>, message?: { method: string; params: JsonObject }) {
  const standard: Record<string, string> = message
    ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': message.method, 'mcp-name': String(message.params.name) }
    : {}
  const accept = 'application/json, text/event-stream'
  return fetch(new URL('/mcp', stage.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...standard, ...headers },
    body,
  })
}

/** A schema that takes everything: the SDK has no type for the tasks extension. */
const anything = {
  '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) },
}
