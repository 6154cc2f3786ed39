import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { notPerformedHeader } from './call-meta.ts'
import type { HttpLimits } from './http-limits.ts'
import { type HttpListening, serveHttp } from './serve-http.ts'
import { modernRevision } from './testing.ts'

let listening: HttpListening
let started: PromiseWithResolvers<void>
let released: PromiseWithResolvers<void>
const clients: Client[] = []

beforeEach(() => {
  started = Promise.withResolvers()
  released = Promise.withResolvers()
})
afterEach(async () => {
  released.resolve()
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await listening.close()
})

/** A server with one tool, which ends when the test wants it to. */
function build(): McpServer {
  const server = new McpServer({ name: 'waiting', version: '1.0.0' })
  server.registerTool('wait', { inputSchema: z.object({}) }, async () => {
    started.resolve()
    await released.promise
    return { content: [{ type: 'text', text: 'waited' }] }
  })
  return server
}

async function listen(limits: Partial<HttpLimits> = {}): Promise<void> {
  listening = await serveHttp(build, { port: 0, limits, onerror: () => undefined })
}

async function connected(mode: 'legacy' | { pin: string }): Promise<Client> {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(new URL(listening.url)))
  clients.push(client)
  return client
}

const post = (body: string) => fetch(listening.url, { method: 'POST', body })
const aCall = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wait' } })
const health = (path: string) => fetch(new URL(path, listening.url))

describe.each([
  ['modern', { pin: modernRevision }],
  ['legacy', 'legacy' as const],
])('a server that is told to stop while a %s client waits for it', (_, mode) => {
  it('lets the call end, and sends everybody else away', async () => {
    await listen()
    const client = await connected(mode)
    const call = client.callTool({ name: 'wait', arguments: {} })
    await started.promise
    expect((await health('/readyz')).status).toBe(200)

    const closed = listening.close()
    const refused = await post(aCall)
    expect([refused.status, refused.headers.get(notPerformedHeader)]).toEqual([503, '1'])
    expect(refused.headers.get('connection')).toBe('close')
    const [live, ready] = await Promise.all([health('/healthz'), health('/readyz')])
    expect([live.status, ready.status, await ready.json()]).toEqual([200, 503, { status: 'stopping' }])

    released.resolve()
    expect((await call).content).toEqual([{ type: 'text', text: 'waited' }])
    await closed
    await expect(health('/healthz')).rejects.toThrow()
  })

  it('waits no longer than it may', async () => {
    await listen({ drainMs: 50 })
    const client = await connected(mode)
    const call = client.callTool({ name: 'wait', arguments: {} })
    const outcome = expect(call).rejects.toThrow()
    await started.promise
    await listening.close()
    await outcome
  })
})

describe('a server over HTTP', () => {
  it('does not wait for those who only listen to changes', async () => {
    await listen({ drainMs: 60_000 })
    const client = await connected({ pin: modernRevision })
    const subscription = await client.listen({ toolsListChanged: true })
    await listening.close()
    expect(await subscription.closed).toBe('graceful')
  })

  it('sends a call away that is one too many, and still answers what is no call', async () => {
    await listen({ calls: 1 })
    const client = await connected({ pin: modernRevision })
    const call = client.callTool({ name: 'wait', arguments: {} })
    await started.promise
    const refused = await post(aCall)
    expect([refused.status, refused.headers.get(notPerformedHeader), refused.headers.get('retry-after')]).toEqual([
      503,
      '1',
      '1',
    ])
    expect((await client.listTools()).tools).toHaveLength(1)
    released.resolve()
    await call
    expect((await client.callTool({ name: 'wait', arguments: {} })).isError).toBeFalsy()
  })

  it('sends any request away that is one too many', async () => {
    await listen({ requests: 1 })
    const client = await connected({ pin: modernRevision })
    const call = client.callTool({ name: 'wait', arguments: {} })
    await started.promise
    expect((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }))).status).toBe(503)
    released.resolve()
    await call
  })

  it('says what is wrong with a body that is no JSON, or too large', async () => {
    await listen()
    const broken = await post('{')
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32_700 } })
    expect((await post('x'.repeat(4 * 1_024 * 1_024 + 1))).status).toBe(413)
  })

  it('holds no more of what is still arriving than it may, whoever sends it', async () => {
    await listen({ arrivingBytes: 1_000 })
    const { port } = new URL(listening.url)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(900)}`)
    const long = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { text: 'x'.repeat(500) } })
    await expect
      .poll(async () => {
        const { status, headers } = await post(long)
        return [status, headers.get(notPerformedHeader)]
      })
      .toEqual([503, '1'])
    socket.destroy()
    await expect.poll(async () => (await post(long)).status).not.toBe(503)
  })

  it('waits for nobody who does not finish what he says', async () => {
    await listen({ headersMs: 100, arrivalMs: 200 })
    const { port } = new URL(listening.url)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })
})
