/** What a server elsewhere may ask of a client over HTTP, against a server of a few lines. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../../shared/json.ts'
import type { ServerManifest } from '../../../shared/manifest.ts'
import { catalogue, tool } from '../../../test/support/rehearsal.ts'
import { type Connection, openConnection } from '../connection.ts'
import { defaultLimits } from '../limits.ts'
import type { Bearer } from './bearer.ts'
import { refusedError } from './remote-error.ts'
import { remoteFetch } from './remote-fetch.ts'
import { RemoteTransport } from './remote-transport.ts'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Answer = (message: JsonObject, request: IncomingMessage, response: ServerResponse) => void

/** A server of 2026-07-28 with these tools, or of 2025-11-25; `onCall` answers calls and what is not a message. */
async function serve(tools: JsonObject[], era: 'modern' | 'legacy', onCall: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const message = text === '' ? {} : JSON.parse(text)
    const { id, method } = isJsonObject(message) ? message : {}
    const info = { name: 'strange', version: '1' }
    const known: Record<string, JsonObject> = {
      'server/discover': {
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        _meta: { 'io.modelcontextprotocol/serverInfo': info },
      },
      initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: info },
      'tools/list': { tools, ttlMs: 0, cacheScope: 'private' },
    }
    const result = era === 'legacy' && method === 'server/discover' ? undefined : known[String(method)]
    if (result) {
      const body = { jsonrpc: '2.0', id, result: era === 'modern' ? { resultType: 'complete', ...result } : result }
      const session = method === 'initialize' && { 'mcp-session-id': 'one' }
      response.writeHead(200, { 'content-type': 'application/json', ...session }).end(JSON.stringify(body))
    } else if (method === 'tools/call' || request.method === 'GET') onCall(message, request, response)
    else response.writeHead(id === undefined ? 202 : 404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

async function connect(url: string, tools: Parameters<typeof catalogue>[0][string]): Promise<Connection> {
  const server = catalogue({ strange: tools }).servers.get('strange') as ServerManifest
  const bearer: Bearer = {
    token: async () => undefined,
    refusal: (response) => refusedError('strange', response, 'look at it'),
    secrets: [],
  }
  const fetch = remoteFetch({ server: 'strange', bearer, limitBytes: 100_000 })
  const connection = await openConnection(
    server,
    new RemoteTransport('strange', new URL(url), fetch),
    { secrets: [], broker: undefined },
    false,
    {
      verdicts: { isLegacy: () => false, rememberLegacy: async () => {} },
      limits: defaultLimits,
      signal: new AbortController().signal,
      onFault: () => {},
      onQuarantine: () => {},
    },
  )
  closers.push(connection.close)
  return connection
}

const event = (id: string, data: object | '') =>
  `id: ${id}\nretry: 10\ndata: ${data === '' ? '' : JSON.stringify(data)}\n\n`
const call = (connection: Connection, name: string, args: JsonObject = {}) =>
  connection.send(name, args, { meta: {}, signal: new AbortController().signal })
const input = (region: JsonObject): JsonObject => ({ type: 'object', properties: { region } })

test('a stream with numbered events that ends too early is taken up again, and the call is not sent twice', async () => {
  const seen: string[] = []
  let asked: unknown
  const url = await serve(
    [{ name: 'slow', inputSchema: input({}) }],
    'legacy',
    ({ id }, { method, headers }, response) => {
      if (method === 'GET' && headers['last-event-id'] === undefined) return void response.writeHead(405).end()
      seen.push(`${method} ${headers['last-event-id'] ?? ''}`)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      asked ??= id
      const result = { content: [{ type: 'text', text: 'at last' }] }
      response.end(method === 'POST' ? event('7', '') : event('8', { jsonrpc: '2.0', id: asked, result }))
    },
  )
  const connection = await connect(url, [tool('slow')])
  expect(await call(connection, 'slow')).toMatchObject({ content: [{ text: 'at last' }] })
  expect(seen).toEqual(['POST ', 'GET 7'])
})

test('a server that forgot its session did nothing, and is connected to anew', async () => {
  const url = await serve([{ name: 'slow', inputSchema: input({}) }], 'legacy', (_, { method, headers }, response) => {
    const known = method === 'GET' || headers['mcp-session-id'] !== 'one'
    response.writeHead(known ? 405 : 404).end()
  })
  const connection = await connect(url, [tool('slow')])
  await expect(call(connection, 'slow')).rejects.toMatchObject({ mayHaveHappened: false, kind: 'unavailable' })
  expect(await connection.ended).toBe('forgot its session')
  expect(connection.isOpen()).toBe(false)
})

test('arguments are repeated in the headers that the reviewed input names, written as the protocol says', async () => {
  const region = { type: 'string', 'x-mcp-header': 'Region' }
  let header: unknown
  const url = await serve(
    [{ name: 'place', inputSchema: input(region) }],
    'modern',
    ({ id }, { headers }, response) => {
      header = headers['mcp-param-region']
      const result = { resultType: 'complete', content: [] }
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    },
  )
  const connection = await connect(url, [tool('place', { input: input(region) })])
  await call(connection, 'place', { region: 'eu-west' })
  expect(header).toBe('eu-west')
  await call(connection, 'place', { region: 'Zürich\r\nHost: evil' })
  expect(header).toBe(`=?base64?${Buffer.from('Zürich\r\nHost: evil').toString('base64')}?=`)
})

test('a tool that asks for headers against the rules counts as not offered', async () => {
  const wrong = input({ type: 'string', 'x-mcp-header': 'Region\r\nHost' })
  const tools = [
    { name: 'right', inputSchema: input({}) },
    { name: 'wrong', inputSchema: wrong },
    { name: 'stranger', inputSchema: wrong },
  ]
  const connection = await connect(await serve(tools, 'modern', () => {}), [tool('right'), tool('wrong')])
  const { reviewed, others } = await connection.list()
  expect([...reviewed].map(([name, told]) => [name, told.length])).toEqual([
    ['right', 1],
    ['wrong', 0],
  ])
  expect(others).toEqual([])
})
