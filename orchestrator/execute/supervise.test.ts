import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Connection } from './connection.ts'
import { CredentialError } from './credentials/resolve.ts'
import { type Supervisor, supervise, type Trouble } from './supervise.ts'

const limits = {
  restart: { firstMs: 1_000, longestMs: 8_000 },
  restartWaitMs: 1_500,
  goodLifeMs: 30_000,
  silenceMs: 5_000,
}
const never = new AbortController().signal

/** A process that ends when it is told to. */
class FakeProcess {
  open = true
  answers = Promise.resolve(true)
  readonly #ended = Promise.withResolvers<string>()
  readonly leaving = Promise.withResolvers<void>()
  readonly connection: Connection

  constructor() {
    const end = (reason: string) => this.end(reason)
    this.connection = {
      era: '2026-07-28',
      secrets: [],
      broker: undefined,
      tools: { quarantine: async () => new Map(), seen: () => new Map(), changed: () => {} },
      list: async () => ({ reviewed: new Map(), others: [] }),
      tell: async () => ({ name: 'x', version: '1', tools: [], resources: [], prompts: [] }),
      content: async () => null,
      pid: () => (this.open ? 1 : undefined),
      isOpen: () => this.open,
      send: () => new Promise(() => {}),
      answersWithin: () => this.answers,
      fail: end,
      close: async () => end('was closed'),
      ended: this.#ended.promise,
      gone: this.leaving.promise,
    }
  }

  end(reason: string, { gone = true } = {}): void {
    this.open = false
    this.#ended.resolve(reason)
    if (gone) this.leaving.resolve()
  }
}

let attempts: (PromiseWithResolvers<Connection> & { signal: AbortSignal })[]
let troubles: Trouble[]
let supervisor: Supervisor

beforeEach(() => {
  vi.useFakeTimers()
  attempts = []
  troubles = []
  supervisor = supervise({
    server: 'billing',
    limits,
    now: Date.now,
    random: () => 0,
    connect(signal) {
      const attempt = { ...Promise.withResolvers<Connection>(), signal }
      attempts.push(attempt)
      return attempt.promise
    },
    onTrouble: (trouble) => troubles.push(trouble),
  })
})
afterEach(async () => {
  attempts.at(-1)?.reject(new Error('the test is over'))
  await supervisor.close()
  vi.useRealTimers()
})

/** Lets everything happen that needs no time. */
const settle = () => vi.advanceTimersByTimeAsync(0)

async function running(): Promise<FakeProcess> {
  const connecting = supervisor.connection(never)
  await settle()
  const process = new FakeProcess()
  attempts.at(-1)?.resolve(process.connection)
  await connecting
  return process
}

async function failing(error: Error = new Error('no')): Promise<void> {
  await settle()
  attempts.at(-1)?.reject(error)
  await settle()
}

describe('a process that runs', () => {
  test('is shared by all who need it', async () => {
    const both = [supervisor.connection(never), supervisor.connection(never)]
    const { connection } = await running()
    expect(await Promise.all(both)).toEqual([connection, connection])
    expect(attempts).toHaveLength(1)
    expect(supervisor.state()).toMatchObject({ is: 'up', ends: 0, connection })
  })

  test('is started again when it ended, without anybody asking', async () => {
    const process = await running()
    process.end('ended with exit code 3')
    await settle()
    expect(supervisor.state()).toMatchObject({ is: 'backing_off', ends: 1 })
    expect(troubles).toMatchObject([{ message: 'billing ended with exit code 3', misconfigured: false }])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(attempts).toHaveLength(2)
  })

  test('is not started again before the last one is gone', async () => {
    const process = await running()
    process.end('ended', { gone: false })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(supervisor.state().is).toBe('starting')
    expect(attempts).toHaveLength(1)
    process.leaving.resolve()
    await settle()
    expect(attempts).toHaveLength(2)
  })

  test('ends: who needs it meanwhile waits for the next one', async () => {
    const first = await running()
    first.open = false
    const waiting = supervisor.connection(never)
    await settle()
    first.end('ended')
    await vi.advanceTimersByTimeAsync(1_000)
    const second = await running()
    expect(await waiting).toBe(second.connection)
  })
})

describe('a process that ends again and again', () => {
  test('is started after pauses that grow, and refuses calls while they are long', async () => {
    const pauses: number[] = []
    for (let time = 0; time < 5; time++) {
      const process = await running()
      process.end('ended')
      await settle()
      pauses.push((supervisor.state().retryAt ?? 0) - Date.now())
      if (pauses.at(-1) === 8_000) break
      await vi.advanceTimersByTimeAsync(pauses.at(-1) ?? 0)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000])
    await expect(supervisor.connection(never)).rejects.toMatchObject({ message: 'billing ended', retryAfterMs: 8_000 })
    await vi.advanceTimersByTimeAsync(7_000)
    const near = supervisor.connection(never)
    await vi.advanceTimersByTimeAsync(1_000)
    const process = await running()
    expect(await near).toBe(process.connection)
  })

  test.each([
    ['answered something', (process: FakeProcess) => supervisor.trust(process.connection)],
    ['lived for long', () => void vi.advanceTimersByTime(limits.goodLifeMs)],
  ])('is forgiven once it %s', async (_, prove) => {
    for (let time = 0; time < 3; time++) {
      const process = await running()
      if (time === 2) prove(process)
      process.end('ended')
      await settle()
      if (time < 2) await vi.advanceTimersByTimeAsync(4_000)
    }
    expect((supervisor.state().retryAt ?? 0) - Date.now()).toBe(1_000)
  })
})

describe('a process that does not start', () => {
  test('fails all who wait for it, and is tried again', async () => {
    const waiting = Promise.allSettled([supervisor.connection(never), supervisor.connection(never)])
    await failing()
    const message = 'billing could not be made ready to start (the log says why)'
    expect(await waiting).toMatchObject([
      { reason: { message, retryAfterMs: 1_000, misconfigured: false } },
      { reason: { message } },
    ])
    await vi.advanceTimersByTimeAsync(1_000)
    const process = await running()
    expect(await supervisor.connection(never)).toBe(process.connection)
  })

  test('fails who waited for a restart that fails at once', async () => {
    const first = supervisor.connection(never).catch(() => {})
    await failing()
    await first
    const waiting = supervisor.connection(never).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1_000)
    await failing()
    expect(await waiting).toMatchObject({ retryAfterMs: 2_000 })
  })

  test('fails who waited for a restart that fails on the spot', async () => {
    await supervisor.close()
    supervisor = supervise({
      server: 'billing',
      limits: { ...limits, restart: { firstMs: 10, longestMs: 10 } },
      now: Date.now,
      random: () => 0,
      connect: () => Promise.reject(new Error('no')),
      onTrouble: () => {},
    })
    await supervisor.connection(never).catch(() => {})
    const waiting = supervisor.connection(never).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(10)
    expect(await waiting).toMatchObject({ retryAfterMs: 10 })
  })

  test('because of its configuration says so', async () => {
    const waiting = supervisor.connection(never).catch((error: unknown) => error)
    await failing(
      new CredentialError('shop', [{ path: '/servers/shop/credentials/API_KEY', message: 'nothing fills it' }]),
    )
    expect(await waiting).toMatchObject({
      message: expect.stringContaining('/servers/shop/credentials/API_KEY nothing fills it'),
      misconfigured: true,
    })
  })

  test('keeps nobody longer than their patience', async () => {
    const patience = new AbortController()
    const waiting = supervisor.connection(patience.signal)
    patience.abort('enough')
    await expect(waiting).rejects.toBe('enough')
  })
})

describe('a process that is suspected', () => {
  test('is left alone where it answers', async () => {
    const process = await running()
    supervisor.suspect(process.connection)
    await settle()
    expect(supervisor.state().is).toBe('up')
  })

  test('is replaced where it says nothing', async () => {
    const process = await running()
    process.answers = Promise.resolve(false)
    supervisor.suspect(process.connection)
    await settle()
    expect(troubles).toMatchObject([{ message: 'billing said nothing for 5000 ms after a call was abandoned' }])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(attempts).toHaveLength(2)
  })
})

describe('closing', () => {
  test('lets a running process leave and starts no other', async () => {
    const process = await running()
    await supervisor.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(process.open).toBe(false)
    expect(attempts).toHaveLength(1)
    expect(troubles).toEqual([])
    await expect(supervisor.connection(never)).rejects.toThrow('billing is being closed')
  })

  test('gives up a start, and ends the process that comes of it all the same', async () => {
    const waiting = supervisor.connection(never).catch((error: Error) => error.message)
    await settle()
    const closed = supervisor.close()
    expect(attempts[0]?.signal.aborted).toBe(true)
    const late = new FakeProcess()
    attempts[0]?.resolve(late.connection)
    await closed
    expect(late.open).toBe(false)
    expect(await waiting).toBe('billing is being closed')
  })

  test('gives up a restart', async () => {
    const process = await running()
    process.end('ended')
    await settle()
    const waiting = supervisor.connection(never).catch((error: Error) => error.message)
    await supervisor.close()
    expect(await waiting).toBe('billing is being closed')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(attempts).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
