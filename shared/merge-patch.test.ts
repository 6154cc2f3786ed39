import { expect, test } from 'vitest'
import { mergePatch } from './merge-patch.ts'

// From appendix A of RFC 7396; the cases whose patch is no object do not apply.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j changed by %j is %j', (document, patch, result) => {
  expect(mergePatch(document, patch)).toEqual(result)
})

test('leaves the document as it was', () => {
  const document = { a: { b: 1 } }
  mergePatch(document, { a: { b: 2 } })
  expect(document).toEqual({ a: { b: 1 } })
})
