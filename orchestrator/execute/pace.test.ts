import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { paceStream } from './pace.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function paced(budget: number) {
  const stream = { pause: vi.fn(() => stream as never), resume: vi.fn(() => stream as never) }
  return { stream, ...paceStream(stream, budget) }
}

test('what stays within the budget of each window flows on', () => {
  const { stream, spend } = paced(10)
  for (let window = 0; window < 20; window++) {
    spend(10)
    vi.advanceTimersByTime(100)
  }
  expect(stream.pause).not.toHaveBeenCalled()
})

test('what goes beyond it waits until the window ends', () => {
  const { stream, spend } = paced(10)
  spend(11)
  spend(100)
  expect(stream.pause).toHaveBeenCalledOnce()
  expect(stream.resume).not.toHaveBeenCalled()
  vi.advanceTimersByTime(100)
  expect(stream.resume).toHaveBeenCalledOnce()
})

test('a stream that was stopped is not woken any more', () => {
  const { stream, spend, stop } = paced(10)
  spend(11)
  stop()
  expect(vi.getTimerCount()).toBe(0)
  expect(stream.resume).not.toHaveBeenCalled()
})
