import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, describe, expect, test } from 'vitest'
import { mcpScopes } from './backend.ts'
import { callerWith, fakeBackend, runId } from './fixtures/fake-backend.ts'
import { mcpRoutes } from './mcp-routes.ts'

const oauth = { issuer: 'https://id.example', resource: 'https://remit.example/mcp' }
const metadata = 'https://remit.example/.well-known/oauth-protected-resource/mcp'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Keys are named after their scopes, so that a test reads by itself. */
function open({ backend = fakeBackend() } = {}) {
  const headers: (string | undefined)[] = []
  const routes = mcpRoutes({
    backend,
    stateKey: new Uint8Array(32),
    onDefect: () => {},
    oauth,
    async authenticate(authorization) {
      headers.push(authorization)
      const [, key] = /^Bearer (\S+)$/.exec(authorization ?? '') ?? []
      if (key === undefined || key === 'revoked') return undefined
      return key === 'all' ? callerWith(...mcpScopes) : callerWith(key)
    },
  })
  const fetch = async (url: string | URL, init?: RequestInit) => routes.fetch(new Request(url, init))
  const connect = async (key: string, mode: 'legacy' | { pin: string }) => {
    const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode } })
    await client.connect(
      new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), {
        fetch,
        requestInit: { headers: { authorization: `Bearer ${key}` } },
      }),
    )
    closers.push(() => client.close())
    return client
  }
  return { routes, connect, headers, backend }
}

const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }

describe.each([
  ['modern', { pin: '2026-07-28' }],
  ['legacy', 'legacy' as const],
])('a %s client over HTTP', (_, mode) => {
  test('works under its key', async () => {
    const { connect, backend } = open()
    const client = await connect('all', mode)
    const { structuredContent } = await client.callTool({ name: 'start_run', arguments: { goal: 'onboard' } })
    expect(structuredContent).toMatchObject({ run_id: runId })
    expect(backend.asked).toEqual([{ goal: 'onboard', input: {} }])
  })

  test('does nothing that its key has no scope for', async () => {
    const { connect, backend } = open()
    const client = await connect('runs:read', mode)
    const refused = await client.callTool({ name: 'start_run', arguments: { goal: 'onboard' } }).then(
      ({ isError }) => isError,
      () => true,
    )
    expect(refused).toBe(true)
    expect(backend.asked).toEqual([])
  })

  test('cannot be asked by a form where it has no session, and is told how to get approval', async () => {
    const backend = fakeBackend({ holds: 'two_eyes' })
    const client = await open({ backend }).connect('all', mode)
    const result = await client.callTool({ name: 'call_tool', arguments: { tool: 'billing.create_customer' } })
    expect(result.content).toMatchObject([{ text: expect.stringContaining(`remit approve ${backend.approvalId}`) }])
  })
})

describe('/mcp', () => {
  test('tells who has no key where to get a token', async () => {
    const response = await open().routes.request('/mcp', post)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="remit", resource_metadata="${metadata}"`)
  })

  test('takes no batch, for whose calls a limit would count once', async () => {
    const { routes, backend } = open()
    const params = { name: 'start_run', arguments: { goal: 'onboard' } }
    const calls = [1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params }))
    const headers = {
      ...post.headers,
      accept: 'application/json, text/event-stream',
      authorization: 'Bearer all',
    }
    const response = await routes.request('/mcp', { ...post, headers, body: ` ${JSON.stringify(calls)}` })
    await response.text()
    expect(backend.asked).toEqual([])
    expect(response.status).toBe(400)
  })

  test('tells who has a key that counts no more that it does not', async () => {
    const headers = { ...post.headers, authorization: 'Bearer revoked' }
    const response = await open().routes.request('/mcp', { ...post, headers })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  test('takes nothing from the pages of others', async () => {
    const { routes, headers } = open()
    const origin = { ...post.headers, origin: 'https://evil.example', authorization: 'Bearer all' }
    expect((await routes.request('/mcp', { ...post, headers: origin })).status).toBe(403)
    expect(headers).toEqual([])
  })

  test.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'says at %s who issues tokens, and for which audience',
    async (path) => {
      const response = await open().routes.request(path)
      expect(await response.json()).toEqual({
        resource: 'https://remit.example/mcp',
        authorization_servers: ['https://id.example'],
        scopes_supported: ['runs:read', 'runs:write', 'approvals:decide', 'tools:read', 'tools:call'],
        bearer_methods_supported: ['header'],
        resource_name: 'Remit',
      })
    },
  )
})
