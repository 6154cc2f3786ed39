/** Two real processes of one server behind a balancer that knows nothing of the protocol: each request may reach either. */
import { join } from 'node:path'
import { Client, type Progress, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { modernRevision } from '../../shared/capability/testing.ts'
import { type HttpFixture, serveFixture } from '../support/http-fixture.ts'
import { type RoundRobin, roundRobin } from '../support/round-robin.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

vi.setConfig({ testTimeout: 30_000 })

const info = { name: 'balanced', version: '0' }
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let instances: HttpFixture[]
let balancer: RoundRobin

beforeAll(async () => {
  folder = await temporaryFolder('remit-balancer-')
  instances = await Promise.all(['first', 'second'].map(launch))
})
afterAll(async () => {
  await Promise.all(instances.map((each) => each[Symbol.asyncDispose]()))
  await folder.remove()
})
beforeEach(async () => {
  balancer = await roundRobin(instances.map(({ url }) => url))
})
afterEach(() => balancer[Symbol.asyncDispose]())

const launch = (name: string) => serveFixture({ REMIT_SERVER_DATA: join(folder.path, name) })
const create = (name: string, more = {}) => ({ name: 'create_thing', arguments: { name, ...more } })

async function connected(mode: 'legacy' | { pin: string }): Promise<Client> {
  const client = new Client(info, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(new URL(balancer.url)))
  return client
}

const eras = [
  ['modern', { pin: modernRevision }],
  ['legacy', 'legacy' as const],
] as const

describe.each(eras)('a %s client behind a plain balancer', (_, mode) => {
  it('is served by every instance, in whatever order', async () => {
    const client = await connected(mode)
    const results = await Promise.all([1, 2, 3, 4].map((n) => client.callTool(create(`thing_${n}`))))
    expect(results.map(({ structuredContent }) => structuredContent)).toMatchObject(
      [1, 2, 3, 4].map((n) => ({ thing_id: `thing_thing_${n}` })),
    )
    expect((await client.listTools()).tools).toHaveLength(3)
    for (const requests of balancer.requests) expect(requests).toBeGreaterThanOrEqual(2)
    await client.close()
  })

  it('hears of the progress of its call', async () => {
    const client = await connected(mode)
    const told: Progress[] = []
    const call = create('parts', { parts: [{ size: 1 }, { size: 2 }] })
    await client.callTool(call, { onprogress: (progress) => told.push(progress) })
    expect(told.map(({ progress }) => progress)).toEqual([1, 2])
    await client.close()
  })

  it('keeps its connections for the next request', async () => {
    const client = await connected(mode)
    for (let n = 0; n < 10; n++) await client.callTool(create(`again_${n}`))
    expect(balancer.requests.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(11)
    expect(balancer.connections()).toBeLessThan(5)
    await client.close()
  })
})

describe('a plain balancer', () => {
  it('serves a client of the 2025 SDK, which gets no session that one instance alone would know', async () => {
    const client = new OldClient(info)
    const transport = new OldHttpTransport(new URL(balancer.url))
    // That SDK's own types do not hold under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<typeof client.connect>[0])
    for (const name of ['one', 'two', 'three']) {
      const { structuredContent } = await client.callTool(create(name))
      expect(structuredContent).toMatchObject({ thing_id: `thing_${name}` })
    }
    expect(transport.sessionId).toBeUndefined()
    await client.close()
  })

  it('loses no call when an instance stops in good order, and asks the other from then on', async () => {
    const leaving = await launch('leaving')
    await using balancer = await roundRobin([leaving.url, instances[0]?.url ?? ''])
    const client = new Client(info, { versionNegotiation: { mode: { pin: modernRevision } } })
    await client.connect(new StreamableHTTPClientTransport(new URL(balancer.url)))
    const parts = Array.from({ length: 100 }, () => ({ size: 1 }))
    const under = new Set<string>()
    const calls = ['long_1', 'long_2'].map((name) =>
      client.callTool(create(name, { parts }), { onprogress: () => under.add(name) }),
    )
    await vi.waitFor(() => expect(under.size).toBe(2), { timeout: 10_000 })
    leaving.process.child.kill('SIGTERM')
    expect(await leaving.process.exited).toBe(0)
    expect((await Promise.all(calls)).map(({ isError }) => isError ?? false)).toEqual([false, false])
    for (const name of ['after_1', 'after_2', 'after_3'])
      expect((await client.callTool(create(name))).isError).toBeFalsy()
    await client.close()
  })

  it('finds out who is ready without a token', async () => {
    const { url } = instances[0] as HttpFixture
    expect((await fetch(new URL('/readyz', url))).status).toBe(200)
    expect(await (await fetch(new URL('/healthz', url))).json()).toEqual({ status: 'ok' })
  })
})
