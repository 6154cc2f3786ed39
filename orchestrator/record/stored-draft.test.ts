import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../shared/json.ts'
import type { Draft } from '../model/event.ts'
import { storeDraft } from './stored-draft.ts'
import { toStored } from './stored-text.ts'

/** A draft with any data at all. */
const draftOf = (data: unknown) => ({ type: 'system_noted', data }) as unknown as Draft

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom('7', '10', '01', '__proto__', '$blob', 'b', 'a', 'aa', 'é', '\u001a', '\ud800'),
)
const { value: anyData } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, -0, undefined, '"', '\u0000'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}))

test('whatever a draft holds is stored as the RFC 8785 text of its stored form', () => {
  fc.assert(
    fc.property(fc.record({ data: anyData }), (data) => {
      const asJson = JSON.parse(JSON.stringify(data)) as Json
      const stored = storeDraft(draftOf(data))
      expect(stored.text).toBe(canonicalJson(toStored(asJson)))
      expect(JSON.stringify(stored.data)).toBe(JSON.stringify(asJson))
    }),
    { numRuns: 500 },
  )
})

test.each([
  [
    'keys in the order of code units',
    { b: 1, a: { d: 2, c: [{ z: 1, y: 2 }] } },
    '{"a":{"c":[{"y":2,"z":1}],"d":2},"b":1}',
  ],
  ['keys that look like indices, as texts', { 10: 'x', 9: 'y', '01': 'z', a: 1 }, '{"01":"z","10":"x","9":"y","a":1}'],
  ['a key of the name __proto__', JSON.parse('{"z":1,"__proto__":{"b":1}}'), '{"__proto__":{"b":1},"z":1}'],
  ['no undefined members and no negative zero', { b: undefined, a: -0 }, '{"a":0}'],
])('an event has %s', (_, data, text) => {
  expect(storeDraft(draftOf(data)).text).toBe(text)
})

test('what readers cannot bear is refused', () => {
  let deep: unknown = 1
  for (let level = 0; level < 1_001; level += 1) deep = [deep]
  expect(() => storeDraft(draftOf(deep))).toThrow('more than 1000 levels deep')
})
