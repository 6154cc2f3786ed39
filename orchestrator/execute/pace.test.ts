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

test('what goes beyond it waits until it is paid off, however much came at once', () => {
  const { stream, spend } = paced(10)
  spend(50)
  spend(1)
  expect(stream.pause).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(399)
  expect(stream.resume).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(stream.resume).toHaveBeenCalledOnce()
  spend(1)
  expect(stream.pause).toHaveBeenCalledTimes(2)
})

test('a long silence saves up no more than one budget', () => {
  const { stream, spend } = paced(10)
  vi.advanceTimersByTime(60_000)
  spend(11)
  expect(stream.pause).toHaveBeenCalledOnce()
})

test('a stream that was stopped is not woken any more', () => {
  const { stream, spend, stop } = paced(10)
  spend(11)
  stop()
  expect(vi.getTimerCount()).toBe(0)
  expect(stream.resume).not.toHaveBeenCalled()
})
