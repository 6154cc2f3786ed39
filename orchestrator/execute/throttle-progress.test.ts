import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Progress } from '../model/call.ts'
import { throttleProgress } from './throttle-progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function throttled() {
  const seen: number[] = []
  return { seen, ...throttleProgress(({ done }: Progress) => seen.push(done)) }
}

test('passes on a busy tool as it is', () => {
  const { seen, report } = throttled()
  for (let done = 0; done < 20; done++) report({ done })
  expect(seen).toHaveLength(20)
})

test('of a flood it passes on a burst, then a trickle, always the latest', () => {
  const { seen, report } = throttled()
  for (let done = 0; done < 10_000; done++) report({ done })
  expect(seen).toHaveLength(50)
  vi.advanceTimersByTime(50)
  expect(seen).toHaveLength(51)
  expect(seen.at(-1)).toBe(9_999)
  expect(vi.getTimerCount()).toBe(0)
})

test('the last word comes with the end, and nothing after it', () => {
  const { seen, report, end } = throttled()
  for (let done = 0; done < 100; done++) report({ done })
  end()
  end()
  report({ done: 1_000 })
  vi.advanceTimersByTime(1_000)
  expect(seen.at(-1)).toBe(99)
  expect(seen).toHaveLength(51)
})

test('a watcher that throws changes nothing', () => {
  const { report, end } = throttleProgress(() => {
    throw new Error('not my day')
  })
  expect(() => {
    for (let done = 0; done < 100; done++) report({ done })
    vi.advanceTimersByTime(1_000)
    end()
  }).not.toThrow()
})
