import { setTimeout as sleep } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type AuthInfo, type McpHttpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createSessionHandler, type SessionHandlerOptions } from './session-handler.ts'
import { modernRevision } from './testing.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const begun: string[] = []
const aborted: string[] = []

function build(): McpServer {
  const server = new McpServer({ name: 'sessions', version: '1' })
  server.registerTool('hang', { inputSchema: z.object({ name: z.string() }) }, async ({ name }, { mcpReq }) => {
    mcpReq.signal.addEventListener('abort', () => aborted.push(name))
    begun.push(name)
    await sleep(60_000, undefined, { ref: false })
    return { content: [] }
  })
  server.registerTool('ask', { inputSchema: z.object({}) }, async (_, { mcpReq }) => {
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } }
    const params = { message: 'Who are you?', requestedSchema }
    const { content } = await mcpReq.send({ method: 'elicitation/create', params })
    return { content: [{ type: 'text', text: String(content?.name) }] }
  })
  return server
}

function open(options: Partial<SessionHandlerOptions> = {}): McpHttpHandler {
  const handler = createSessionHandler(build, {
    onerror: () => {},
    maxRequestBodySize: 1_000_000,
    maxSubscriptions: 64,
    ...options,
  })
  closers.push(handler.close)
  return handler
}

async function connect(handler: McpHttpHandler, mode: 'legacy' | { pin: string } = 'legacy', clientId = 'ada') {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode }, capabilities: { elicitation: {} } },
  )
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ada' } }))
  const transport = new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
    fetch: (url, init) => handler.fetch(new Request(url, init), { authInfo: someone(clientId) }),
  })
  await client.connect(transport)
  closers.push(() => client.close())
  return { client, transport }
}

function someone(clientId: string): AuthInfo {
  return { token: '', clientId, scopes: [] }
}

function list(handler: McpHttpHandler, sessionId: string, clientId = 'ada'): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': sessionId,
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
  return handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }), {
    authInfo: someone(clientId),
  })
}

describe('a client that opens with the 2025 handshake', () => {
  test('cancels a call', async () => {
    const { client } = await connect(open())
    const cancel = new AbortController()
    const call = client.callTool({ name: 'hang', arguments: { name: 'one' } }, { signal: cancel.signal })
    await vi.waitFor(() => expect(begun).toEqual(['one']), { timeout: 10_000 })
    cancel.abort()
    await expect(call).rejects.toThrow()
    await vi.waitFor(() => expect(aborted).toEqual(['one']), { timeout: 10_000 })
  })

  test('is asked in the middle of a call', async () => {
    const { client } = await connect(open())
    expect(await client.callTool({ name: 'ask', arguments: {} })).toMatchObject({ content: [{ text: 'Ada' }] })
  })

  test('ends its session, which is not there any more then', async () => {
    const handler = open()
    const { transport } = await connect(handler)
    const id = transport.sessionId ?? ''
    expect((await list(handler, id)).status).toBe(200)
    await transport.terminateSession()
    expect((await list(handler, id)).status).toBe(404)
  })

  test('cannot use the session of somebody else', async () => {
    const handler = open()
    const { transport } = await connect(handler)
    const response = await list(handler, transport.sessionId ?? '', 'eve')
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('open a new one')
  })
})

test('a client of 2026-07-28 gets no session', async () => {
  const { client, transport } = await connect(open(), { pin: modernRevision })
  expect((await client.listTools()).tools).toHaveLength(2)
  expect(transport.sessionId).toBeUndefined()
})

test('the session that was used least lately gives way to a new one', async () => {
  const handler = open({ mostSessions: 2 })
  const ids: string[] = []
  for (const _ of [1, 2]) ids.push((await connect(handler)).transport.sessionId ?? '')
  const [first = '', second = ''] = ids
  expect((await list(handler, first)).status).toBe(200)
  await connect(handler)
  expect((await list(handler, second)).status).toBe(404)
  expect((await list(handler, first)).status).toBe(200)
})

test('a session that nobody used for long ends when the next one opens', async () => {
  let now = 0
  const handler = open({ idleMs: 1_000, now: () => now })
  const { transport } = await connect(handler)
  now = 2_000
  await connect(handler)
  expect((await list(handler, transport.sessionId ?? '')).status).toBe(404)
})
