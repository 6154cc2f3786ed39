/** One server in two instances, each a real process behind a man in the middle: which of them gets a call, and when another does. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { notPerformedHeader } from '../../../shared/capability/call-meta.ts'
import { manifestOf } from '../../../shared/capability/manifest-of.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { server as fixture } from '../../../test/support/fixture-server.ts'
import { type HttpFixture, serveFixture } from '../../../test/support/http-fixture.ts'
import { roundRobin } from '../../../test/support/round-robin.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { openHome } from '../../home/home.ts'
import type { CallResult } from '../../model/call.ts'
import { catalogueOf } from '../../model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../../model/seal.ts'
import { openEraVerdicts } from '../era-verdicts.ts'
import { type ManInTheMiddle, type Mischief, manInTheMiddle } from '../fixtures/man-in-the-middle.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { callBearer } from '../tokens/call-bearer.ts'
import { tokenMint } from '../tokens/mint-token.ts'
import { openTokenKeys, type TokenKeys } from '../tokens/token-keys.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const now = () => new Date()
const launched: HttpFixture[] = []
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let keys: TokenKeys
let two: HttpFixture[]
let men: ManInTheMiddle[]
let gateway: Gateway

beforeAll(async () => {
  folder = await temporaryFolder('remit-instances-')
  keys = openTokenKeys({ home: openHome(join(folder.path, 'home')), now })
  await keys.published()
  two = await Promise.all([launch(), launch()])
})
afterAll(async () => {
  await Promise.all(launched.map((each) => each[Symbol.asyncDispose]()))
  await folder.remove()
})
beforeEach(() => openBehindMen(two))
afterEach(close)

async function launch(): Promise<HttpFixture> {
  const data = join(folder.path, crypto.randomUUID())
  const instance = await serveFixture({ REMIT_TOKEN_KEYS: keys.file, REMIT_SERVER_DATA: data })
  launched.push(instance)
  return instance
}

async function openBehindMen(instances: HttpFixture[]): Promise<void> {
  men = await Promise.all(instances.map(({ url }) => manInTheMiddle(url)))
  await open(men.map(({ url }) => url))
}

async function open(urls: string[]): Promise<void> {
  const mint = tokenMint({ keys, now, newId: () => crypto.randomUUID() })
  gateway = openGateway({
    catalogue: catalogueOf({ version: 1, servers: [manifestOf(fixture)] }),
    launch: ({ name }, { instance }) => ({
      url: urls[instance] ?? '',
      bearer: callBearer({ server: name, mint, ownerOf: async () => ({ tenant: 'acme', principal: 'local:ada' }) }),
    }),
    instancesOf: () => urls.length,
    sealers: () => createSealer('run-1', new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(folder.path, 'eras.json'), now),
    now,
    log: { warn: () => {} },
  })
  await gateway.start(['fixture'])
}

async function close(): Promise<void> {
  await gateway.close()
  await Promise.all(men.map((man) => man[Symbol.asyncDispose]()))
}

function create(name: string, more: JsonObject = {}): Promise<CallResult> {
  const request = {
    run_id: 'run-1',
    call_id: crypto.randomUUID(),
    server: 'fixture',
    tool: 'create_thing',
    arguments: { name, ...more },
    idempotency_key: crypto.randomUUID(),
    deadline: new Date(Date.now() + 20_000).toISOString(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  return gateway.call(request, { signal: new AbortController().signal })
}

async function createOneByOne(count: number): Promise<CallResult[]> {
  const results: CallResult[] = []
  for (let n = 0; n < count; n++) results.push(await create(`thing_${n}`))
  return results
}

/** How many calls of tools each instance was asked for. */
const asked = () => men.map(({ seen }) => seen.filter(({ body }) => body.includes('"tools/call"')).length)
const allSucceeded = (results: CallResult[]) => results.every(({ outcome }) => outcome.status === 'succeeded')
const sentAway = { status: 503, headers: { [notPerformedHeader]: '1', 'retry-after': '3' } }
const misbehave = (mischief: Mischief) => {
  for (const man of men) man.mischief = mischief
}

describe('a server in two instances', () => {
  test('shares the calls between them, also those that are made at once', async () => {
    expect(allSucceeded(await Promise.all(Array.from({ length: 8 }, (_, n) => create(`thing_${n}`))))).toBe(true)
    expect(asked()).toEqual([4, 4])
    expect(gateway.status()).toMatchObject([{ state: 'up', instances: { working: 2, of: 2 } }])
  })

  test('is there as long as one of them is', async () => {
    await men[0]?.[Symbol.asyncDispose]()
    expect(allSucceeded(await createOneByOne(6))).toBe(true)
    expect(asked()[1]).toBe(6)
  })

  test('asks an instance again some time after it sent calls away', async () => {
    const [first] = men as [ManInTheMiddle]
    first.mischief = sentAway
    expect(allSucceeded(await createOneByOne(4))).toBe(true)
    first.mischief = 'none'
    const before = asked()[0] as number
    await vi.waitFor(async () => {
      await create('again')
      expect(asked()[0]).toBeGreaterThan(before)
    })
  })

  test('loses no call where one of them stops in good order', async () => {
    await close()
    const both = await Promise.all([launch(), launch()])
    await openBehindMen(both)
    const long = create('long', { parts: Array.from({ length: 100 }, () => ({ size: 1 })) })
    await vi.waitFor(() => expect(asked()).toContain(1))
    const { process: run } = both[asked().indexOf(1)] as HttpFixture
    run.child.kill('SIGTERM')
    expect(allSucceeded([...(await createOneByOne(6)), await long])).toBe(true)
    expect(await run.exited).toBe(0)
  })

  test.each<[string, Mischief, number, string]>([
    ['is lost', 'lose_the_answer', 1, 'uncertain'],
    ['breaks off', 'end_the_stream', 1, 'uncertain'],
    ['is a 503 of somebody in between', { status: 503 }, 1, 'uncertain'],
    ['is a 503 that says that nothing was done', sentAway, 2, 'failed'],
    ['is a refusal of the token', { status: 401 }, 1, 'failed'],
  ])('asks as often as it may where the answer %s', async (_, mischief, times, status) => {
    misbehave(mischief)
    expect((await create('once')).outcome.status).toBe(status)
    expect(asked().reduce((sum, each) => sum + each)).toBe(times)
  })

  test('makes a token of its own for each instance that it asks', async () => {
    const [first, second] = men as [ManInTheMiddle, ManInTheMiddle]
    misbehave(sentAway)
    await create('twice')
    const tokens = [first, second].map(({ seen }) => seen.at(-1)?.headers.authorization)
    expect(new Set(tokens).size).toBe(2)
  })

  test('says when to come again where none of them takes a call', async () => {
    misbehave(sentAway)
    expect((await create('later')).outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', retry_after_ms: 3_000, message: expect.stringContaining('did nothing') },
    })
  })
})

describe('two instances behind one URL', () => {
  test('are one server: each request has a token of its own, and connections are kept', async () => {
    await close()
    await using balancer = await roundRobin(two.map(({ url }) => url))
    await open([balancer.url])
    expect(allSucceeded(await createOneByOne(12))).toBe(true)
    for (const requests of balancer.requests) expect(requests).toBeGreaterThanOrEqual(6)
    expect(balancer.connections()).toBeLessThan(5)
  })
})
