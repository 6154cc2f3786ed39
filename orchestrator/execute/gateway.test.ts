import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import type { JsonObject } from '../../shared/json.ts'
import type { CallRequest } from '../model/call.ts'
import { catalogueOf } from '../model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../model/seal.ts'
import { isSealed } from '../model/value.ts'
import { openEraVerdicts } from './era-verdicts.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { describeLaunch } from './launch.ts'

const root = join(import.meta.dirname, '../..')
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const modern = ['node', fixture('workshop-server.ts')]
const of2025 = ['node', fixture('workshop-2025-server.ts')]
const apiKey = 'sk_emulated_0123456789'
const sealer = createSealer('run-1', new Uint8Array(sealKeyBytes))

const folder = mkdtempSync(join(tmpdir(), 'remit-gateway-'))
const logFile = join(folder, 'server.log')
const erasFile = join(folder, 'eras.json')
let gateway: Gateway | undefined
let warnings: object[] = []

async function closeAll(): Promise<void> {
  await gateway?.close()
  gateway = undefined
  warnings = []
  rmSync(logFile, { force: true })
  rmSync(erasFile, { force: true })
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Setting {
  servers?: Record<string, string[]>
  environment?: Record<string, string>
}

function open({ servers = { workshop: modern }, environment = {} }: Setting = {}): Gateway {
  gateway = openGateway({
    catalogue: catalogueOf({
      version: 1,
      servers: Object.entries(servers).map(([name, command]) => workshop(name, command)),
    }),
    launch: (server) =>
      describeLaunch(
        server,
        { values: { API_KEY: apiKey, ...environment }, secrets: [apiKey] },
        { root, dataFolder: folder, logFile },
      ),
    sealers: () => sealer,
    verdicts: openEraVerdicts(erasFile, () => new Date()),
    now: () => new Date(),
    log: { warn: (details) => warnings.push(details) },
    limits: { resultBytes: 5_000 },
  })
  return gateway
}

function request(tool: string, args: JsonObject = {}, within = 20_000): CallRequest {
  return {
    run_id: 'run-1',
    call_id: 'call-1',
    server: 'workshop',
    tool,
    arguments: args,
    idempotency_key: 'key-1',
    deadline: new Date(Date.now() + within).toISOString(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
}

const calmly = () => ({ signal: new AbortController().signal })
const call = (tool: string, args?: JsonObject) => (gateway ?? open()).call(request(tool, args), calmly())

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function untilGone(pids: number[]): Promise<void> {
  for (let waited = 0; pids.some(isAlive) && waited < 5_000; waited += 20) await sleep(20)
}

describe('starting', () => {
  afterEach(closeAll)

  test('starts servers at the same time and ends every process when closed', async () => {
    const door = open({ servers: { workshop: modern, second: modern, third: modern } })
    await door.start(['workshop', 'second', 'third'])
    const pids = door.pids()
    expect(pids).toHaveLength(3)
    await door.close()
    expect(pids.filter(isAlive)).toEqual([])
    expect(door.pids()).toEqual([])
  })

  test('callers who come at the same time share one process', async () => {
    const door = open()
    await Promise.all([call('echo'), call('echo'), call('echo')])
    expect(door.pids()).toHaveLength(1)
  })

  test('gives a server exactly its own environment', async () => {
    process.env.REMIT_TEST_PARENT_SECRET = 'must not be seen'
    const result = await call('show_environment').finally(() => delete process.env.REMIT_TEST_PARENT_SECRET)
    const { cwd, ...environment } = result.outcome.status === 'succeeded' ? (result.outcome.output as JsonObject) : {}
    expect(Object.keys(environment).sort()).toEqual([
      'API_KEY',
      'LANG',
      'PATH',
      'REMIT_LAUNCH',
      'REMIT_LAUNCHED',
      'REMIT_SERVER_DATA',
      'TZ',
    ])
    expect(cwd).toBe(root)
  })

  test('a server that does not start makes its calls unavailable, and the log tells why without secrets', async () => {
    open({
      servers: { workshop: ['node', '-e', 'console.error("no luck with " + process.env.API_KEY); process.exit(2)'] },
    })
    const { outcome } = await call('echo')
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(JSON.stringify(warnings)).toContain('exit code 2')
    expect(JSON.stringify(warnings)).toContain('no luck with [redacted]')
  })

  test('a program that does not exist makes its calls unavailable', async () => {
    open({ servers: { workshop: ['/nowhere/at/all'] } })
    expect((await call('echo')).outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  test('closing gives up a start that hangs', async () => {
    const door = open({ servers: { workshop: ['node', '-e', 'setInterval(() => {}, 1000)'] } })
    const starting = door.start(['workshop'])
    await sleep(200)
    await door.close()
    await starting
    expect(door.pids()).toEqual([])
  }, 10_000)

  test('refuses a tool that the running server describes differently, and no other', async () => {
    open({ environment: { WORKSHOP_DRIFT: 'echo' } })
    expect((await call('echo')).outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'denied', message: expect.stringContaining('remit servers accept workshop') },
    })
    expect((await call('say_text')).outcome.status).toBe('succeeded')
  })

  test('no server survives a kill -9 of the process that started it', async () => {
    const holder = spawn(process.execPath, [fixture('gateway-holder.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(holder.stdout, 'data')
    const pids = JSON.parse(String(line)) as number[]
    expect(pids.filter(isAlive)).toHaveLength(1)
    holder.kill('SIGKILL')
    await untilGone(pids)
    expect(pids.filter(isAlive)).toEqual([])
  })
})

describe('protocol eras', () => {
  afterEach(closeAll)

  test('speaks the newest revision with a server that knows it', async () => {
    expect(await call('echo')).toMatchObject({ era: '2026-07-28', outcome: { status: 'succeeded' } })
  })

  test('works with a 2025-era server', async () => {
    open({ servers: { workshop: of2025 } })
    const { era, outcome } = await call('echo', { a: 1 })
    expect(era).toMatch(/^202[45]-/)
    expect(outcome).toMatchObject({ status: 'succeeded', output: { arguments: { a: 1 } } })
  })

  test('starts a 2025-era server that dies of the newer question once more, and remembers', async () => {
    open({ servers: { workshop: of2025 }, environment: { WORKSHOP_FRAGILE: '1' } })
    expect(await call('echo')).toMatchObject({ outcome: { status: 'succeeded' } })
    expect(JSON.parse(readFileSync(erasFile, 'utf8'))).toMatchObject({ workshop: { version: '1.0.0' } })
  })
})

describe('calling', () => {
  // One server serves them all.
  afterAll(closeAll)

  test('sends arguments, the call envelope and the trace context', async () => {
    const { outcome } = await call('echo', { seats: 3 })
    expect(outcome).toMatchObject({
      status: 'succeeded',
      output: {
        arguments: { seats: 3 },
        meta: {
          [metaKeys.call]: { run_id: 'run-1', call_id: 'call-1', idempotency_key: 'key-1' },
          traceparent: expect.stringContaining('0af7651916cd43dd8448eb211c80319c'),
        },
      },
    })
  })

  test('opens sealed arguments for the server only', async () => {
    const args = { password: { ...sealer.seal('s3cret-value', '/password') } }
    const { outcome } = await call('echo', args)
    expect(outcome).toMatchObject({ output: { arguments: { password: 's3cret-value' } } })
  })

  test('refuses arguments whose seal does not open, before anything is sent', async () => {
    const alien = createSealer('another run', new Uint8Array(sealKeyBytes)).seal('x', '/password')
    expect((await call('echo', { password: { ...alien } })).outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'internal' },
    })
  })

  test('seals what the manifest marks as sensitive in an output', async () => {
    const { outcome } = await call('make_secret')
    const password = outcome.status === 'succeeded' ? (outcome.output as JsonObject).password : undefined
    expect(isSealed(password) && sealer.open(password)).toBe('hunter2hunter2')
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  test('passes a failure on as data, without the sensitive values that the call held', async () => {
    const args = { password: { ...sealer.seal('s3cret-value', '/password') } }
    expect((await call('report_failure', args)).outcome).toEqual({
      status: 'failed',
      failure: { kind: 'conflict', message: 'no room for [redacted]', done: { step: 2 } },
    })
  })

  test.each([
    ['report_uncertain', { status: 'uncertain', failure: { kind: 'unavailable' } }],
    ['refuse', { status: 'failed', failure: { kind: 'declined', message: 'no: [redacted]' } }],
    [
      'break_schema',
      { status: 'uncertain', failure: { kind: 'internal', message: expect.stringContaining('/id is required') } },
    ],
    ['break_schema_reading', { status: 'failed', failure: { kind: 'internal' } }],
    [
      'say_too_much',
      { status: 'failed', failure: { kind: 'internal', message: expect.stringContaining('more than the 5000') } },
    ],
    ['throw_protocol_error', { status: 'uncertain', failure: { kind: 'internal' } }],
    ['say_text', { status: 'succeeded', output: { content: [{ type: 'text', text: 'plain words' }] } }],
    ['unheard_of', { status: 'failed', failure: { kind: 'denied' } }],
  ])('%s settles as it should', async (tool, outcome) => {
    expect((await call(tool)).outcome).toMatchObject(outcome)
  })

  test('reports progress', async () => {
    const seen: unknown[] = []
    await (gateway ?? open()).call(request('count_up'), { ...calmly(), onProgress: (progress) => seen.push(progress) })
    expect(seen).toMatchObject([{ done: 1, total: 2, message: 'half' }])
  })
})

describe('losing a server', () => {
  afterEach(closeAll)

  test.each([
    ['crash', 'uncertain'],
    ['crash_reading', 'failed'],
  ])('%s in mid-call is %s, and the next call starts the server again', async (tool, status) => {
    const door = open()
    expect((await call(tool)).outcome).toMatchObject({ status, failure: { kind: 'unavailable' } })
    expect((await call('echo')).outcome.status).toBe('succeeded')
    expect(door.pids()).toHaveLength(1)
  })

  test('writes what a server says on stderr to its log, without its credentials', async () => {
    await call('crash')
    await gateway?.close()
    expect(readFileSync(logFile, 'utf8')).toBe('crashing with [redacted]\n')
  })

  test.each([
    ['hang', 'uncertain'],
    ['hang_reading', 'failed'],
  ])('%s beyond the deadline is %s', async (tool, status) => {
    const door = open()
    await door.start(['workshop'])
    const { outcome } = await door.call(request(tool, {}, 300), calmly())
    expect(outcome).toMatchObject({
      status,
      failure: { kind: 'unavailable', message: expect.stringContaining('deadline') },
    })
  })

  test('tells a cancelled call from one that took too long', async () => {
    const door = open()
    await door.start(['workshop'])
    const { outcome } = await door.call(request('hang'), { signal: AbortSignal.timeout(200) })
    expect(outcome).toMatchObject({ status: 'uncertain', failure: { message: expect.stringContaining('cancelled') } })
  })

  test('a call whose deadline has passed is not sent', async () => {
    const { outcome } = await open().call(request('crash', {}, -1), calmly())
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(gateway?.pids()).toEqual([])
  })

  test('closing settles calls in flight as lost', async () => {
    const door = open()
    await door.start(['workshop'])
    const hanging = door.call(request('hang'), calmly())
    await sleep(50)
    await door.close()
    expect((await hanging).outcome).toMatchObject({ status: 'uncertain', failure: { kind: 'unavailable' } })
  })
})
