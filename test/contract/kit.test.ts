/** What the kit does for every server, shown on the fixture: over stdio and Streamable HTTP, for clients of both eras. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client, type Progress, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { metaKeys, outcomeMetaSchema } from '../../shared/capability/call-meta.ts'
import { modernRevision } from '../../shared/capability/testing.ts'
import { fixtureEnvironment } from '../support/fixture-server.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'

vi.setConfig({ testTimeout: 30_000 })

const script = 'test/support/fixture-main.ts'
const info = { name: 'kit', version: '0' }
const cwd = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let http: NodeProcess
let url: URL

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remit-kit-'))
  http = spawnNode(script, ['--http'], environment('http'))
  const said = await http.until(/listens on \S+\n/, 'stderr')
  url = new URL(/listens on (\S+)/.exec(said)?.[1] ?? '')
})
afterAll(async () => {
  http.child.kill('SIGTERM')
  await http.exited
  rmSync(folder, { recursive: true, force: true })
})

function environment(name: string): Record<string, string> {
  return { ...fixtureEnvironment, REMIT_LAUNCHED: '1', REMIT_SERVER_DATA: join(folder, name) }
}

const transports = {
  stdio: () =>
    new StdioClientTransport({
      command: process.execPath,
      args: [script],
      cwd,
      env: environment('stdio'),
      stderr: 'ignore',
    }),
  http: () => new StreamableHTTPClientTransport(url),
}

const ways = (['stdio', 'http'] as const).flatMap((transport) => [
  { transport, era: 'modern', mode: { pin: modernRevision } },
  { transport, era: 'legacy', mode: 'legacy' as const },
])

describe.each(ways)('a $era client over $transport', ({ transport, mode }) => {
  let client: Client
  beforeAll(async () => {
    client = new Client(info, { versionNegotiation: { mode } })
    await client.connect(transports[transport]())
  })
  afterAll(() => client.close())

  const create = (args: Record<string, unknown>, _meta = {}) => ({ name: 'create_thing', arguments: args, _meta })

  it('gets a success as structured content and as text', async () => {
    const call = { run_id: 'r', call_id: 'c', idempotency_key: 'key-1', deadline: '2999-01-01T00:00:00Z' }
    const result = await client.callTool(create({ name: 'ab' }, { [metaKeys.call]: call }))
    expect(result.isError).toBeFalsy()
    expect(result.structuredContent).toMatchObject({ thing_id: 'thing_ab', key: 'key-1', call: 'c' })
    expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(result.structuredContent) }])
  })

  it('gets a failure as data, and as text for a model', async () => {
    const result = await client.callTool(create({ name: 'ab', ending: 'decline' }))
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'The vendor said no.' }],
      _meta: {
        [metaKeys.outcome]: { status: 'failed', failure: { kind: 'declined', retry_after_ms: 5, done: ['a'] } },
      },
    })
  })

  it('gets each fault of the arguments by its path, in the text too', async () => {
    const result = await client.callTool(create({ name: 'a', parts: [{ size: 0 }] }))
    const issues = [{ path: '/name' }, { path: '/parts/0/size' }]
    expect(result._meta).toMatchObject({ [metaKeys.outcome]: { failure: { kind: 'invalid_input', issues } } })
    expect(result.content).toMatchObject([{ text: expect.stringMatching(/^\/name: .+\n\/parts\/0\/size: /m) }])
  })

  it('is told that an effect may have happened', async () => {
    const result = await client.callTool(create({ name: 'ab', ending: 'lose' }))
    expect(result._meta).toMatchObject({ [metaKeys.outcome]: { status: 'uncertain' } })
    expect(result.content).toMatchObject([{ text: expect.stringContaining('Whether it took effect is not known') }])
  })

  it('hears of progress', async () => {
    const told: Progress[] = []
    const parts = [{ size: 1 }, { size: 2 }, { size: 3 }]
    await client.callTool(create({ name: 'ab', parts }), { onprogress: (progress) => told.push(progress) })
    expect(told.map(({ progress, total, message }) => [progress, total, message])).toEqual([
      [1, 3, 'part 1'],
      [2, 3, 'part 2'],
      [3, 3, 'part 3'],
    ])
  })

  // Without sessions a 2025 client over HTTP cannot say which of everybody's calls it cancels; the deadline ends such a call.
  it.skipIf(transport === 'http' && mode === 'legacy')('stops a call by cancelling it', async () => {
    const name = `cancelled_${transport}_${String(mode === 'legacy')}`
    const aborter = new AbortController()
    const hanging = client.callTool(create({ name, ending: 'hang' }), { signal: aborter.signal })
    await vi.waitFor(() => expectThing(client, name, []), { timeout: 5_000 })
    aborter.abort()
    await expect(hanging).rejects.toThrow()
    await vi.waitFor(() => expectThing(client, name, [name]), { timeout: 5_000 })
  })

  it('is refused with an envelope that means nothing', async () => {
    const result = await client.callTool(create({ name: 'ab' }, { [metaKeys.call]: { run_id: 'r' } }))
    const { failure } = outcomeMetaSchema.parse(result._meta?.[metaKeys.outcome])
    expect(failure.kind).toBe('invalid_input')
    expect(failure.message).toContain('/idempotency_key')
  })
})

async function expectThing(client: Client, name: string, aborted: string[]): Promise<void> {
  const { structuredContent } = await client.callTool({ name: 'find_thing', arguments: { name } })
  const seen = (structuredContent as { aborted: string[] } | undefined)?.aborted
  if (seen === undefined) throw new Error(`${name} is not there yet`)
  expect(seen.filter((other) => other === name)).toEqual(aborted)
}

describe('over Streamable HTTP', () => {
  it('serves a client of the 2025 SDK', async () => {
    const client = new OldClient(info)
    // That SDK's own types do not hold under exactOptionalPropertyTypes.
    await client.connect(new OldHttpTransport(url) as Parameters<typeof client.connect>[0])
    const told: number[] = []
    const params = { name: 'create_thing', arguments: { name: 'old', parts: [{ size: 1 }] } }
    const result = await client.callTool(params, undefined, { onprogress: ({ progress }) => told.push(progress) })
    expect(result.structuredContent).toMatchObject({ thing_id: 'thing_old' })
    expect(told).toEqual([1])
    await client.close()
  })

  it.each([
    ['a host that is not loopback', { host: 'evil.example' }, 403],
    ['an origin that is not loopback', { origin: 'https://evil.example' }, 403],
  ])('refuses %s', async (_, headers, status) => {
    expect(await statusOf(url, headers)).toBe(status)
  })

  it('answers only at its endpoint', async () => {
    expect(await statusOf(new URL('/other', url), {})).toBe(404)
  })

  it('outlives its stdin when it was started by hand, and not when it was launched', async () => {
    await using byHand = spawnNode(script, ['--http'], { ...environment('hand'), REMIT_LAUNCHED: '' })
    await byHand.until(/listens on/, 'stderr')
    byHand.child.stdin.end()
    await sleep(300)
    expect(byHand.child.exitCode).toBeNull()
    byHand.child.kill('SIGTERM')
    expect(await byHand.exited).toBe(0)

    await using launched = spawnNode(script, ['--http'], environment('launched'))
    await launched.until(/listens on/, 'stderr')
    launched.child.stdin.end()
    expect(await launched.exited).toBe(0)
  })
})

describe('the process of a server', () => {
  it('keeps what a tool prints off stdout, and credentials and sensitive arguments out of its log', async () => {
    await using run = spawnNode(script, [], { ...environment('print'), REMIT_LAUNCHED: '' })
    send(run, '0', 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: info })
    await run.until(/"id":"0"/, 'stdout')
    send(run, '1', 'tools/call', { name: 'create_thing', arguments: { name: 'ab', ending: 'print' } })
    const _meta = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    send(run, '2', 'tools/call', {
      name: 'create_thing',
      arguments: { name: 'ab', ending: 'throw', pin: 'pin-4711' },
      _meta,
    })
    await Promise.all([run.until(/"id":"1"/, 'stdout'), run.until(/"id":"2"/, 'stdout')])
    run.child.stdin.end()
    expect(await run.exited).toBe(0)

    for (const line of run.stdout().trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    expect(run.stderr()).toContain('this must not reach stdout')
    expect(run.stderr()).toContain('started by hand')
    expect(run.stderr()).toContain('internals of [redacted], pin [redacted]')
    expect(run.stderr()).toContain(_meta.traceparent)
    for (const secret of [fixtureEnvironment.FIXTURE_TOKEN, 'pin-4711']) {
      expect(run.stdout() + run.stderr()).not.toContain(secret)
    }
    expect(statSync(join(folder, 'print')).mode & 0o777).toBe(0o700)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s, also while a call hangs', async (signal) => {
    await using run = spawnNode(script, [], environment('signals'))
    send(run, '0', 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: info })
    await run.until(/"id":"0"/, 'stdout')
    send(run, '1', 'tools/call', { name: 'create_thing', arguments: { name: 'ab', ending: 'hang' } })
    send(run, '2', 'tools/call', { name: 'find_thing', arguments: { name: 'ab' } })
    await run.until(/"id":"2"/, 'stdout')
    run.child.kill(signal)
    expect(await run.exited).toBe(0)
  })

  it('refuses arguments that it does not know with 2', async () => {
    await using run = spawnNode(script, ['--sse'], environment('usage'))
    expect(await run.exited).toBe(2)
    expect(run.stderr()).toContain('usage: [--http [PORT] [--host ADDRESS] [--sessions]]')
  })
})

function send({ child }: NodeProcess, id: string, method: string, params: object): void {
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
}

function statusOf(target: URL, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(target, { method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end('{}')
  })
}
