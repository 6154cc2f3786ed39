/** Servers that know nothing of Remit, over stdio and HTTP, as a joined manifest has them; and what a change of them does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { type ServerManifest, serverManifestSchema } from '../../shared/manifest.ts'
import { type Catalogue, catalogueOf } from '../model/catalogue.ts'
import { proposeServer } from '../model/propose-server.ts'
import { createSealer, sealKeyBytes } from '../model/seal.ts'
import { openEraVerdicts } from './era-verdicts.ts'
import { type StrangerOverHttp, serveStranger } from './fixtures/stranger-http.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { describeLaunch } from './launch.ts'
import type { RemoteServer } from './remote/connect-remote.ts'
import { credentialBearer } from './remote/credential-bearer.ts'

const root = join(import.meta.dirname, '../..')
const script = join(import.meta.dirname, 'fixtures', 'stranger-server.ts')
let folder: string
let gateway: Gateway
let reviewed: Catalogue
/** What the operator says of it. */
let setUp: string

const given = (version: string): ServerManifest =>
  serverManifestSchema.parse({
    name: 'stranger',
    title: '',
    version,
    description: '',
    command: ['node', script, version],
    tools: [],
  })
const catalogue = (...servers: ServerManifest[]) => catalogueOf({ version: 1, servers })

function open(first: Catalogue, remote?: RemoteServer): Gateway {
  return openGateway({
    catalogue: first,
    setUpOf: () => setUp,
    launch: (server) => remote ?? describeLaunch(server, { values: {}, secrets: [] }, { root, dataFolder: folder }),
    sealers: () => createSealer('run-1', new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(folder, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: { warn: () => {} },
  })
}

const call = (tool: string, args: JsonObject = {}) =>
  gateway.call(
    {
      run_id: 'run-1',
      call_id: crypto.randomUUID(),
      server: 'stranger',
      tool,
      arguments: args,
      idempotency_key: 'key',
      deadline: new Date(Date.now() + 20_000).toISOString(),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    { signal: new AbortController().signal },
  )
const versionTold = async () => (await call('get_version')).outcome

/** What a person would accept of a version of it. */
async function accepted(version: string): Promise<ServerManifest> {
  await using looking = Object.assign(open(catalogue(given(version))), {
    [Symbol.asyncDispose]: () => looking.close(),
  })
  return proposeServer(given(version), await looking.tell('stranger')).manifest
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remit-stranger-'))
  setUp = 'as at first'
  reviewed = catalogue(await accepted('1.0.0'))
  gateway = open(reviewed)
})
afterEach(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a stranger’s server', () => {
  test('tells its tools, resources and prompts', async () => {
    expect(await gateway.tell('stranger')).toMatchObject({
      name: 'stranger',
      version: '1.0.0',
      instructions: 'Ask politely.',
      tools: [{ name: 'get-version' }, { name: 'waitForFile' }, { name: 'find_file' }],
      resources: [
        { uri: 'note://1', name: 'First note' },
        { uri: 'note://{id}', name: 'Any note' },
      ],
      prompts: [{ name: 'greet', arguments: [{ name: 'who', required: true }] }],
    })
    const asked = { method: 'resources/read' as const, arguments: { uri: 'note://7' } }
    expect(await gateway.content('stranger', asked)).toEqual({ contents: [{ uri: 'note://7', text: 'Buy milk.' }] })
  })

  test('is called by its own names, and its resources and prompts like tools', async () => {
    expect(await versionTold()).toMatchObject({ status: 'succeeded', output: { content: [{ text: '1.0.0' }] } })
    expect((await call('read_resource', { uri: 'note://1' })).outcome).toEqual({
      status: 'succeeded',
      output: { contents: [{ uri: 'note://1', text: 'Buy milk.' }] },
    })
    expect((await call('get_prompt', { name: 'greet', arguments: { who: 'Ada' } })).outcome).toMatchObject({
      output: { messages: [{ content: { text: 'Greet Ada.' } }] },
    })
  })

  test('fails in the words of its overlay, and is declined without one', async () => {
    const missing = { path: join(folder, 'missing') }
    expect((await call('find_file', missing)).outcome).toMatchObject({ failure: { kind: 'declined' } })
    const [server] = reviewed.servers.values()
    const failures = [{ contains: 'ENOENT', kind: 'not_found' as const }]
    const tools = (server?.tools ?? []).map((tool) => (tool.name === 'find_file' ? { ...tool, failures } : tool))
    await gateway.adopt(catalogue({ ...(server ?? given('1.0.0')), tools })).started
    expect((await call('find_file', missing)).outcome).toMatchObject({ failure: { kind: 'not_found' } })
  })
})

describe('while calls are under way', () => {
  test('a new version waits for them, and answers from then on', async () => {
    const path = join(folder, 'go')
    const waiting = call('wait_for_file', { path })
    expect(await versionTold()).toMatchObject({ output: { content: [{ text: '1.0.0' }] } })
    const [before] = gateway.pids()
    const adopted = gateway.adopt(catalogue(await accepted('2.0.0'))).started
    const next = versionTold()
    writeFileSync(path, '')
    expect((await waiting).outcome).toMatchObject({ status: 'succeeded', output: { content: [{ text: '1.0.0' }] } })
    await adopted
    expect(await next).toMatchObject({ status: 'succeeded', output: { content: [{ text: '2.0.0' }] } })
    expect(gateway.pids()).toEqual([expect.any(Number)])
    expect(gateway.pids()).not.toEqual([before])
  })

  test('a server that is taken out lets them settle, is called no more, and ends', async () => {
    const path = join(folder, 'go')
    const waiting = call('wait_for_file', { path })
    await versionTold()
    const [pid = 0] = gateway.pids()
    expect(gateway.adopt(catalogue())).toMatchObject({ joined: [], changed: [], left: ['stranger'] })
    let isGone = false
    const gone = gateway.gone('stranger').then(() => {
      isGone = true
    })
    expect(await versionTold()).toMatchObject({ status: 'failed', failure: { kind: 'denied' } })
    expect(isGone).toBe(false)
    writeFileSync(path, '')
    expect((await waiting).outcome).toMatchObject({ status: 'succeeded' })
    await gone
    expect(isAlive(pid)).toBe(false)
  })

  test('one that is set up otherwise starts anew, as it is reviewed', async () => {
    await versionTold()
    const before = gateway.pids()
    expect(gateway.adopt(reviewed)).toMatchObject({ changed: [] })
    setUp = 'otherwise'
    const { started, ...servers } = gateway.adopt(reviewed)
    await started
    expect(servers).toEqual({ joined: [], changed: ['stranger'], left: [] })
    expect(gateway.pids()).toHaveLength(1)
    expect(gateway.pids()).not.toEqual(before)
  })

  test('what did not change goes on as it was', async () => {
    await versionTold()
    const before = gateway.pids()
    const [server = given('1.0.0')] = reviewed.servers.values()
    await gateway.adopt(catalogue(server, { ...server, name: 'second' })).started
    expect(gateway.pids()).toHaveLength(2)
    expect(gateway.pids()).toEqual(expect.arrayContaining(before))
  })
})

describe('over HTTP', () => {
  let elsewhere: StrangerOverHttp
  beforeAll(async () => {
    elsewhere = await serveStranger()
  })
  afterAll(() => elsewhere[Symbol.asyncDispose]())
  beforeEach(() => void elsewhere.seen.splice(0))

  test.each([
    [undefined, undefined],
    ['of-this-server', 'Bearer of-this-server'],
  ])('for the credential %s it gets the authorization %s, and no token of ours', async (credential, carried) => {
    await gateway.close()
    gateway = open(reviewed, { url: elsewhere.url, bearer: credentialBearer('stranger', credential) })
    expect(await versionTold()).toMatchObject({ status: 'succeeded' })
    expect(new Set(elsewhere.seen)).toEqual(new Set([carried]))
  })

  test('one that it does not take is told, with where to look', async () => {
    await gateway.close()
    gateway = open(reviewed, { url: elsewhere.url, bearer: credentialBearer('stranger', 'wrong') })
    const outcome = await versionTold()
    expect(outcome).toMatchObject({ status: 'failed' })
    expect(JSON.stringify(outcome)).toContain('look at its auth, and at the credential that it names')
    expect(JSON.stringify(outcome)).not.toContain('Bearer wrong')
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
