import { expect, test } from 'vitest'
import { pauseAfter } from './limits.ts'

const pauses = { firstMs: 100, longestMs: 1_000 }

test('pauses double up to the longest', () => {
  expect([1, 2, 3, 4, 5, 1_000].map((failures) => pauseAfter(failures, pauses, 0))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ])
})

test('chance takes away up to a half', () => {
  expect(pauseAfter(1, pauses, 0.5)).toBe(75)
  expect(pauseAfter(5, pauses, 0.999_999)).toBe(500)
})
