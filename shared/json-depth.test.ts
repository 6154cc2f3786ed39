import { expect, test } from 'vitest'
import { isDeeper } from './json-depth.ts'

const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

test.each([
  ['a text', 'x', 0, false],
  ['no list within one level', [], 1, false],
  ['a value in a list', [1], 0, true],
  ['a list as deep as may be', nested(65), 64, false],
  ['a list that is one level deeper', nested(66), 64, true],
  ['a list that no recursion comes to the end of', nested(200_000), 64, true],
])('%s', (_, value, levels, deeper) => {
  expect(isDeeper(value, levels)).toBe(deeper)
})
