import { expect, test } from 'vitest'
import { inTurn, median, quantile, ratios } from './measure.ts'

test('the median is the middle value, or between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2)
})

test('contestants take turns, every other round backwards, and what warms up does not count', async () => {
  const order: string[] = []
  const contestant = (name: string) => async () => order.push(name)
  const measured = await inTurn(2, { a: contestant('a'), b: contestant('b') })
  expect(order.join('')).toBe('abbaab')
  expect(measured).toEqual({ a: [4, 5], b: [3, 6] })
  expect(await inTurn(1, { a: contestant('a') }, 3)).toEqual({ a: [10] })
})

test('ratios compare what was measured in the same round', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
})
