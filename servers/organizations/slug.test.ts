import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkSlug, numberedSlug } from './slug.ts'

test.each([
  ['acme', 1, 'acme'],
  ['acme', 2, 'acme-2'],
  ['acme', 10, 'acme-10'],
  ['acme-2', 2, 'acme-2-2'],
  ['a'.repeat(32), 1, 'a'.repeat(32)],
  ['a'.repeat(32), 2, `${'a'.repeat(30)}-2`],
  [`${'a'.repeat(29)}-bc`, 2, `${'a'.repeat(29)}-2`],
])('numbers %s for the %ith time as %s', (wanted, number, slug) => {
  expect(numberedSlug(wanted, number)).toBe(slug)
})

const wish = fc.stringMatching(/^[a-z][a-z0-9-]{1,30}[a-z0-9]$/).filter((slug) => checkSlug(slug).length === 0)
const number = fc.integer({ min: 1, max: 1_000_000 })

test('gives only valid slugs to a valid wish', () => {
  fc.assert(
    fc.property(wish, number, (wanted, nth) => {
      expect(checkSlug(numberedSlug(wanted, nth))).toEqual([])
    }),
  )
})

test('never gives one slug twice to a wish', () => {
  fc.assert(
    fc.property(wish, number, number, (wanted, one, other) => {
      fc.pre(one !== other)
      expect(numberedSlug(wanted, one)).not.toBe(numberedSlug(wanted, other))
    }),
  )
})
