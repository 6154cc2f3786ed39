import { SdkError, SdkErrorCode } from '@modelcontextprotocol/client'
import { expect, test, vi } from 'vitest'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import type { CallRequest } from '../model/call.ts'
import { catalogueOf, type Tool } from '../model/catalogue.ts'
import { createSealer, type Sealer, sealKeyBytes } from '../model/seal.ts'
import type { Connection } from './connection.ts'
import type { Broker } from './egress/broker.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { patience } from './patience.ts'
import { performCall } from './perform-call.ts'

const sealer = createSealer('run', new Uint8Array(sealKeyBytes))
const tools = catalogueOf({ version: 1, servers: [workshop('workshop', ['node'])] }).tools
const send = vi.fn<Connection['send']>()

function connection(more: Partial<Connection> = {}): Connection {
  return {
    era: '2026-07-28',
    secrets: [],
    broker: undefined,
    tools: { quarantine: async () => new Map(), seen: () => new Map(), changed: () => {} },
    list: async () => ({ reviewed: new Map(), others: [] }),
    tell: async () => ({ name: 'x', version: '1', tools: [], resources: [], prompts: [] }),
    content: async () => null,
    pid: () => 1,
    isOpen: () => true,
    send,
    answersWithin: async () => true,
    fail: () => {},
    close: async () => {},
    ended: new Promise(() => {}),
    gone: new Promise(() => {}),
    ...more,
  }
}

function perform({
  tool = 'crash',
  cancel = new AbortController().signal,
  on = connection(),
  seal = sealer,
}: {
  tool?: string
  cancel?: AbortSignal
  on?: Connection
  seal?: Sealer
} = {}) {
  const wait = patience({ cancel, remainingMs: 20_000 })
  const request: CallRequest = {
    run_id: 'run',
    call_id: 'call',
    server: 'workshop',
    tool,
    arguments: {},
    idempotency_key: 'key',
    deadline: new Date().toISOString(),
    traceparent: '',
  }
  return performCall({
    request,
    tool: tools.get(`workshop.${tool}`) as Tool,
    connection: on,
    sealer: seal,
    patience: wait,
    limits: { resultBytes: 1_000, resultDepth: 10 },
    onProgress: undefined,
  }).finally(wait.release)
}

test('a call that was given up before it was sent is not sent, and provably so', async () => {
  send.mockClear()
  expect(await perform({ cancel: AbortSignal.abort() })).toMatchObject({
    outcome: { status: 'failed' },
    evidence: 'none',
  })
  expect(send).not.toHaveBeenCalled()
})

test('a call over a connection that ended meanwhile is not sent', async () => {
  send.mockClear()
  await expect(perform({ on: connection({ isOpen: () => false }) })).rejects.toThrow(
    'ended before workshop.crash was sent',
  )
  expect(send).not.toHaveBeenCalled()
})

test('a call that could not be sent, and was cancelled as well, has done nothing', async () => {
  const cancel = new AbortController()
  send.mockImplementationOnce(async () => {
    cancel.abort()
    throw new SdkError(SdkErrorCode.NotConnected, 'not running')
  })
  expect(await perform({ cancel: cancel.signal })).toMatchObject({ outcome: { status: 'failed' }, evidence: 'none' })
})

test.each([
  ['an error that nobody foresaw', () => Promise.reject(new RangeError('too deep'))],
  ['an answer without content', async () => ({ isError: true }) as never],
])('after it was sent, %s leaves it uncertain', async (_, answer) => {
  send.mockImplementationOnce(answer)
  expect((await perform()).outcome).toMatchObject({ status: 'uncertain', failure: { kind: 'internal' } })
})

test('an output that cannot be sealed is not told', async () => {
  send.mockImplementationOnce(async () => ({ content: [], structuredContent: { password: 'hunter2hunter2' } }))
  const broken: Sealer = {
    ...sealer,
    seal: () => {
      throw new Error('no key')
    },
  }
  const { outcome } = await perform({ tool: 'make_secret', seal: broken })
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'internal' } })
  expect(JSON.stringify(outcome)).not.toContain('hunter2')
})

test.each([
  ['unauthorized', 1],
  ['declined', 0],
] as const)('a server that fails as %s lets its credentials be read anew: %i times', async (kind, times) => {
  const credentialsRefused = vi.fn()
  const broker: Broker = {
    doors: [],
    env: {},
    secrets: () => [],
    callStarted: () => undefined,
    callEnded: () => [],
    credentialsRefused,
    denied: () => 0,
    close: async () => undefined,
  }
  const failure = { kind, message: 'invalid_auth' }
  send.mockImplementationOnce(async () => ({
    isError: true,
    content: [],
    _meta: { [metaKeys.outcome]: { status: 'failed', failure } },
  }))
  expect((await perform({ on: connection({ broker }) })).outcome).toEqual({ status: 'failed', failure })
  expect(credentialsRefused).toHaveBeenCalledTimes(times)
})
