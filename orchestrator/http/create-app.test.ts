import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type Caller, scopes } from '../model/caller.ts'
import { catalogueOf } from '../model/catalogue.ts'
import { createApp } from './create-app.ts'
import type { HttpEnv, RouteModule } from './http-env.ts'
import type { Service } from './service.ts'

const refuse = () => Promise.reject(new Error('not asked here'))

const service: Service = {
  mode: 'emulated',
  catalogue: catalogueOf({ version: 1, servers: [] }),
  goals: [],
  reasoners: [],
  createRun: refuse,
  listRuns: async () => ({ runs: [] }),
  findRun: async () => undefined,
  situation: refuse,
  situationAt: refuse,
  readEvents: refuse,
  onGrowth: () => {},
  cancel: refuse,
  fork: refuse,
  answer: refuse,
  openApprovals: async () => [],
  decideApproval: refuse,
  verify: refuse,
  exportRun: async function* () {
    yield* []
  },
  keys: { create: refuse, list: refuse, revoke: refuse },
  servers: () => [],
  countDue: async () => 0,
}

const caller: Caller = {
  id: 'key:1',
  tenant: 'acme',
  principal: 'ann',
  scopes: new Set(scopes),
  ceiling: {},
  requests_per_minute: 1_000,
}

function appOf({
  modules = [],
  hosts = [],
  who = caller,
}: {
  modules?: RouteModule[]
  hosts?: string[]
  who?: Caller
} = {}) {
  const stopping = new AbortController()
  const { app } = createApp({
    service,
    authenticate: async (credential) => (credential === 'right' ? who : undefined),
    hosts,
    modules,
    stopping: stopping.signal,
    onTrouble: () => {},
  })
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(path, { method, headers: { Authorization: 'Bearer right', ...headers } })
  return { app, ask, stopping }
}

describe('the application', () => {
  it('lets nobody but health be asked without a key, not even to learn which routes there are', async () => {
    const { app } = appOf()
    for (const path of ['/v1/runs', '/metrics', '/openapi.json', '/reference', '/nothing'])
      expect([path, (await app.request(path)).status]).toEqual([path, 401])
    for (const path of ['/healthz', '/readyz']) expect((await app.request(path)).status).toBe(200)
    expect((await app.request('/v1/runs')).headers.get('WWW-Authenticate')).toBe('Bearer realm="remit"')
  })

  it('lets a browser in to the reference with the key as a password, and nowhere else', async () => {
    const { app } = appOf()
    const headers = { Authorization: `Basic ${btoa('any:right')}` }
    const page = await app.request('/reference', { headers })
    expect(page.status).toBe(200)
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
    expect(await page.text()).not.toMatch(/<script|https?:\/\/(?!localhost)/)
    expect((await app.request('/v1/runs', { headers })).status).toBe(401)
    expect((await app.request('/reference')).headers.get('WWW-Authenticate')).toContain('Basic')
  })

  it('answers under its own names alone, and to no page of another origin', async () => {
    const { ask } = appOf({ hosts: ['remit.example'] })
    for (const host of ['localhost:4747', '127.0.0.1', '[::1]:4747', 'remit.example', 'REMIT.example:443'])
      expect([host, (await ask('/v1/runs', { Host: host })).status]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', ''])
      expect([host, (await ask('/v1/runs', { Host: host })).status]).toEqual([host, 421])
    const from = (Origin: string) => ask('/v1/runs', { Host: 'localhost:4747', Origin })
    expect((await from('http://localhost:4747')).status).toBe(200)
    for (const origin of ['http://evil.example', 'http://localhost:4748', 'null'])
      expect((await from(origin)).status).toBe(403)
  })

  it('lets each key do so much in a minute, says when to go on, and counts keys apart', async () => {
    const { app } = createApp({
      service,
      authenticate: async (id) => ({ ...caller, id, requests_per_minute: 3 }),
      stopping: new AbortController().signal,
      onTrouble: () => {},
    })
    const statuses = async (key: string) => {
      const answers = []
      for (let asked = 0; asked < 4; asked++)
        answers.push(await app.request('/v1/runs', { headers: { Authorization: `Bearer ${key}` } }))
      return answers
    }
    const one = await statuses('one')
    expect(one.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(Number(one.at(-1)?.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect((await statuses('two')).map(({ status }) => status)).toEqual([200, 200, 200, 429])
  })

  it('needs for each route the scope that is for it', async () => {
    for (const scope of scopes) {
      const { ask } = appOf({ who: { ...caller, scopes: new Set([scope]) } })
      const reads = {
        '/v1/runs': 'runs:read',
        '/v1/approvals': 'runs:read',
        '/v1/tools': 'tools:read',
        '/v1/servers': 'servers:read',
        '/metrics': 'metrics:read',
      }
      for (const [path, needed] of Object.entries(reads))
        expect([path, scope, (await ask(path)).status]).toEqual([path, scope, scope === needed ? 200 : 403])
      expect((await ask('/v1/approvals/x/approve', {}, 'POST')).status).toBe(scope === 'approvals:decide' ? 404 : 403)
    }
  })

  it('names the methods of a path that is asked by another, and every request by its id', async () => {
    const { ask } = appOf()
    const response = await ask('/v1/runs', { 'X-Request-Id': 'mine-1' }, 'DELETE')
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toBe('POST, GET')
    expect(response.headers.get('X-Request-Id')).toBe('mine-1')
    expect(await response.json()).toMatchObject({ instance: 'urn:remit:request:mine-1' })
    expect((await ask('/v1/runs', { 'X-Request-Id': 'not one' })).headers.get('X-Request-Id')).toMatch(
      /^[0-9a-f-]{36}$/,
    )
  })

  it('takes routes of others: behind a key, or with a way of their own to know who asks', async () => {
    const hooks = new Hono<HttpEnv>().post('/v1/triggers/:name', (context) => context.text('signed'))
    const more = new Hono<HttpEnv>().get('/v1/more', (context) => context.text(context.get('caller').principal))
    const { app, ask } = appOf({
      modules: [
        { access: 'open', routes: hooks },
        { access: 'key', routes: more },
      ],
    })
    expect((await app.request('/v1/triggers/stripe', { method: 'POST' })).status).toBe(200)
    expect((await app.request('/v1/more')).status).toBe(401)
    expect(await (await ask('/v1/more')).text()).toBe('ann')
  })

  it('is not ready any more once it stops, and alive until the end', async () => {
    const { app, stopping } = appOf()
    stopping.abort()
    const ready = await app.request('/readyz')
    expect([ready.status, await ready.json()]).toMatchObject([503, { status: 'draining' }])
    expect((await app.request('/healthz')).status).toBe(200)
  })
})
