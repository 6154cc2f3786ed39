import { expect, test } from 'vitest'
import { unsound } from './sound-json.ts'

test('any JSON of bearable depth is sound', () => {
  expect(unsound({ a: [1, 'x', null, true, { b: [-0.5] }] }, 10)).toBeUndefined()
})

test('a value that is nested too deeply is not, however deep it goes', () => {
  expect(unsound(JSON.parse('[[[]]]'), 3)).toBeUndefined()
  expect(unsound(JSON.parse('[[[[]]]]'), 2)).toBe('is nested more than 2 levels deep')
  expect(unsound(JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), 100)).toContain('more than 100')
})

test('a number that JSON cannot hold again is not', () => {
  expect(unsound(JSON.parse('{"a":[1e999]}'), 10)).toBe('holds a number that JSON cannot hold')
})
