import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteIdentifier, quoteLiteral, workspaceNames } from './identifiers.ts'

test('names a workspace after its slug', () => {
  expect(workspaceNames('acme-labs')).toEqual({ database: 'ws_acme_labs', role: 'ws_acme_labs', secret: 'acme-labs' })
})

test.each([
  '',
  'a',
  'Acme',
  '1acme',
  'acme-',
  'a_b',
  'a.b',
  '../x',
  'acme"; drop database x',
  'a'.repeat(33),
  'acme\n',
])('refuses %j as a slug', (slug) => {
  expect(() => workspaceNames(slug)).toThrow('cannot name a workspace')
})

test('never gives two slugs one name', () => {
  const slug = fc.stringMatching(/^[a-z][a-z0-9-]{1,8}[a-z0-9]$/)
  fc.assert(
    fc.property(slug, slug, (left, right) => {
      const same = workspaceNames(left).database === workspaceNames(right).database
      expect(same).toBe(left === right)
    }),
  )
})

test('doubles the quotes inside an identifier and a string constant', () => {
  expect(quoteIdentifier('a"; drop role b; --')).toBe('"a""; drop role b; --"')
  expect(quoteLiteral("it's")).toBe("'it''s'")
})

test('refuses identifiers that Postgres would cut off, and what no constant can hold', () => {
  expect(() => quoteIdentifier('')).toThrow(RangeError)
  expect(() => quoteIdentifier('é'.repeat(32))).toThrow(RangeError)
  expect(() => quoteIdentifier('a\0')).toThrow(RangeError)
  expect(() => quoteLiteral('a\\')).toThrow(RangeError)
})
