import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Situation } from '../model/situation.ts'
import type { HeldRun } from './pursuits.ts'
import { Wakes } from './wakes.ts'
import { startWorker, type Worker, type WorkerOptions } from './worker.ts'

const workers: Worker[] = []
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.stop()
    await worker.close(0)
  }
})

const held = (run_id: string): HeldRun => ({
  run_id,
  lost: new AbortController().signal,
  confirm: async () => true,
  release: async () => {},
})

/** A queue in memory, and what the worker does with it. */
function world(more: Partial<WorkerOptions> = {}) {
  const due: string[] = []
  const asked: number[] = []
  const pursued: string[] = []
  const ends = new Map<string, PromiseWithResolvers<Situation>>()
  const troubles: string[] = []
  const wakes = new Wakes()
  const worker = startWorker({
    due: {
      async claim(most) {
        asked.push(most)
        return due.splice(0, most).map(held)
      },
      nextDue: async () => undefined,
    },
    mode: 'emulated',
    pursuits: {
      pursue({ run_id }, { signal, drain }) {
        pursued.push(run_id)
        const end = Promise.withResolvers<Situation>()
        ends.set(run_id, end)
        signal.addEventListener('abort', () => end.resolve({} as Situation))
        drain?.addEventListener('abort', () => end.resolve({} as Situation))
        return end.promise
      },
    },
    wakes,
    most: 2,
    onTrouble: (error, runId) => void troubles.push(`${runId ?? 'all'}: ${(error as Error).message}`),
    ...more,
  })
  workers.push(worker)
  const end = (runId: string) => ends.get(runId)?.resolve({} as Situation)
  return { due, asked, pursued, troubles, wakes, end, worker }
}

describe('a worker', () => {
  test('pursues as many runs at once as it may, and the next as soon as one rests', async () => {
    const { due, pursued, wakes, end, asked } = world()
    due.push('a', 'b', 'c')
    wakes.tell('a')
    await vi.waitFor(() => expect(pursued).toEqual(['a', 'b']))
    end('b')
    await vi.waitFor(() => expect(pursued).toEqual(['a', 'b', 'c']))
    expect(Math.max(...asked)).toBe(2)
  })

  test('takes up a run that is woken while it looks for others', async () => {
    const due: string[] = []
    const claims: string[][] = []
    const wakes = new Wakes()
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const { pursued } = world({
      wakes,
      due: {
        async claim() {
          const found = due.splice(0)
          claims.push(found)
          if (claims.length === 1) {
            due.push('new')
            wakes.tell('new')
          }
          return found.map(held)
        },
        nextDue: async () => undefined,
      },
    })
    // Far less than the pause after which it looks without being woken.
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
    expect(pursued).toEqual(['new'])
  })

  test('does not ask again and again while others are told of their runs', async () => {
    const { wakes, asked } = world()
    await vi.waitFor(() => expect(asked).toEqual([2]))
    for (let told = 0; told < 1_000; told += 1) {
      wakes.tell(`run ${told}`)
      if (told % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1))
    expect(asked.length).toBeLessThan(20)
  })

  test('asks for no run while it has no room', async () => {
    const { due, asked, pursued, wakes } = world()
    due.push('a', 'b')
    wakes.tell(undefined)
    await vi.waitFor(() => expect(pursued).toHaveLength(2))
    const before = asked.length
    for (let told = 0; told < 100; told += 1) wakes.tell('other')
    await sleep(50)
    expect(asked).toHaveLength(before)
  })

  test('that cannot find out which runs are due says so once, however often it is woken, until it can', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    let claims = 0
    let isAway = true
    const due = ['a']
    const { troubles, wakes, pursued } = world({
      due: {
        async claim() {
          claims += 1
          if (isAway) throw new Error('the record is away')
          return due.splice(0).map(held)
        },
        nextDue: async () => undefined,
      },
    })
    for (let n = 0; n < 50; n += 1) {
      wakes.tell('a')
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(troubles).toEqual(['all: the record is away'])
    expect(claims).toBeLessThan(10)
    isAway = false
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    expect(pursued).toEqual(['a'])
  })

  test('whose runs all wait for the record says so once', async () => {
    const { due, troubles, wakes } = world({
      pursuits: {
        pursue(_, { onAway, drain }) {
          for (let attempt = 0; attempt < 3; attempt += 1) onAway?.(new Error('the record is away'))
          return new Promise((resolve) => drain?.addEventListener('abort', () => resolve({} as Situation)))
        },
      },
    })
    due.push('a', 'b')
    wakes.tell('a')
    await vi.waitFor(() => expect(troubles).toEqual(['all: the record is away']))
  })

  test('goes on with other runs when one cannot be pursued', async () => {
    const pursued: string[] = []
    const { due, troubles, wakes } = world({
      pursuits: {
        async pursue({ run_id }) {
          pursued.push(run_id)
          throw new Error('no way')
        },
      },
    })
    due.push('a', 'b', 'c')
    wakes.tell('a')
    await vi.waitFor(() => expect(pursued).toEqual(['a', 'b', 'c']))
    expect(troubles).toEqual(['a: no way', 'b: no way', 'c: no way'])
  })

  test('does not spin where a run seems due and is not to be had', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    let claims = 0
    world({
      due: {
        async claim() {
          claims += 1
          return []
        },
        nextDue: async () => new Date(Date.now() - 1_000),
      },
    })
    await vi.advanceTimersByTimeAsync(1_000)
    vi.useRealTimers()
    expect(claims).toBeGreaterThan(1)
    expect(claims).toBeLessThan(10)
  })

  test('lets calls in flight settle when it is closed, and takes up nothing more', async () => {
    const { due, pursued, wakes, worker } = world()
    due.push('a')
    wakes.tell('a')
    await vi.waitFor(() => expect(pursued).toEqual(['a']))
    const closed = worker.close(10_000)
    due.push('b')
    wakes.tell('b')
    await closed
    expect(pursued).toEqual(['a'])
  })
})
