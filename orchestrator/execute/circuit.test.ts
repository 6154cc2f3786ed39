import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Circuit, circuit, type Evidence } from './circuit.ts'

const limits = { circuitFailures: 3, circuit: { firstMs: 1_000, longestMs: 3_000 } }
let guard: Circuit

beforeEach(() => {
  vi.useFakeTimers()
  guard = circuit(limits, () => 0)
})
afterEach(() => void vi.useRealTimers())

const show = (evidence: Evidence) => guard.run(async () => ({ evidence }))

async function open(): Promise<void> {
  for (let failure = 0; failure < limits.circuitFailures; failure++) await show('failed')
  expect(guard.state()).toBe('open')
}

describe('opens', () => {
  test('after failures in a row', async () => {
    await show('failed')
    await show('failed')
    expect([guard.state(), guard.refusesFor()]).toEqual(['closed', undefined])
    await show('failed')
    expect([guard.state(), guard.refusesFor()]).toEqual(['open', 1_000])
  })

  test('not where an answer comes in between', async () => {
    for (const evidence of ['failed', 'failed', 'answered', 'failed', 'failed'] as const) await show(evidence)
    expect(guard.state()).toBe('closed')
  })

  test('though calls that show nothing come in between', async () => {
    for (const evidence of ['failed', 'none', 'failed', 'none', 'failed'] as const) await show(evidence)
    expect(guard.state()).toBe('open')
  })

  test('not for one failure that many calls share', async () => {
    const crash = Promise.withResolvers<void>()
    const shared = Array.from({ length: 100 }, () =>
      guard.run(async () => {
        await crash.promise
        return { evidence: 'failed' as const }
      }),
    )
    crash.resolve()
    expect(await Promise.all(shared)).toHaveLength(100)
    expect(guard.state()).toBe('closed')
  })
})

describe('lets one call through', () => {
  test('when the pause is over, and no other until that one is back', async () => {
    await open()
    vi.advanceTimersByTime(1_000)
    expect(guard.refusesFor()).toBeUndefined()
    const probe = Promise.withResolvers<{ evidence: Evidence }>()
    const probing = guard.run(() => probe.promise)
    expect(guard.state()).toBe('half_open')
    expect(guard.refusesFor()).toBeGreaterThan(0)
    probe.resolve({ evidence: 'answered' })
    await probing
    expect([guard.state(), guard.refusesFor()]).toEqual(['closed', undefined])
  })

  test.each(['failed', 'none'] as const)('and stays open for longer when that has %s', async (evidence) => {
    await open()
    const pauses: (number | undefined)[] = []
    for (let probe = 0; probe < 3; probe++) {
      vi.advanceTimersByTime(guard.refusesFor() ?? 0)
      await show(evidence)
      pauses.push(guard.refusesFor())
    }
    expect(guard.state()).toBe('open')
    expect(pauses).toEqual([2_000, 3_000, 3_000])
  })

  test('and an old call that fails meanwhile does not count against it', async () => {
    const old = Promise.withResolvers<{ evidence: Evidence }>()
    const waiting = guard.run(() => old.promise)
    await open()
    vi.advanceTimersByTime(1_000)
    const probing = guard.run(async () => {
      old.resolve({ evidence: 'failed' })
      await waiting
      return { evidence: 'answered' as const }
    })
    await probing
    expect(guard.state()).toBe('closed')
  })
})

test('a call that rejects rejects, and has shown nothing', async () => {
  const broken = () => guard.run(() => Promise.reject(new Error('no')))
  await expect(broken()).rejects.toThrow('no')
  await open()
  vi.advanceTimersByTime(1_000)
  await expect(broken()).rejects.toThrow('no')
  expect(guard.state()).toBe('open')
})

test('passes on what the call returned, whatever it has shown', async () => {
  for (const evidence of ['answered', 'failed', 'none'] as const)
    expect(await guard.run(async () => ({ evidence, told: 7 }))).toEqual({ evidence, told: 7 })
})
