import { expect, test } from 'vitest'
import { scrubber, scrubJson, stringsIn } from './scrub.ts'

test('takes out every occurrence of a secret, in plain and URL-encoded form', () => {
  const scrub = scrubber(['p@ss/word', 'sk_live_1'])
  expect(scrub('p@ss/word, p%40ss%2Fword, sk_live_1sk_live_1')).toBe('[redacted], [redacted], [redacted][redacted]')
})

test('takes out a secret that holds another one as a whole', () => {
  expect(scrubber(['abcd', 'abcd-efgh'])('abcd-efgh')).toBe('[redacted]')
})

test('leaves text alone for values too short to be secrets', () => {
  expect(scrubber(['', 'a', 'abc'])('abc and a')).toBe('abc and a')
})

test('reaches keys and values at any depth of JSON', () => {
  expect(scrubJson({ a: ['x secret'], 'secret y': 1, n: null }, scrubber(['secret']))).toEqual({
    a: ['x [redacted]'],
    '[redacted] y': 1,
    n: null,
  })
})

test('finds the strings in JSON, not the keys', () => {
  expect(stringsIn({ a: ['one', 2], b: { c: 'three' } })).toEqual(['one', 'three'])
})
