import { describe, expect, test } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { isMeant, mapPayload } from './map-payload.ts'

const payload: Json = { type: 'order', customer: { name: 'Acme', tags: ['a', 'b'] }, seats: 25, at: null }
const map = (input: Record<string, Json>) => mapPayload({ input }, { payload, delivery_id: 'd1' })

describe('a mapping', () => {
  test('takes values by pointer and by CEL, and leaves everything else as it stands', () => {
    expect(
      map({
        name: { $pointer: '/customer/name' },
        whole: { $pointer: '/customer' },
        list: [{ $pointer: '/seats' }, 'x'],
        seats: { $cel: 'int(payload.seats) * 2' },
        slug: { $cel: 'payload.customer.name.lowerAscii()' },
        made: { $cel: '{"n": 1, "tags": payload.customer.tags.map(t, t + "!")}' },
        key: { $cel: 'delivery_id' },
        plan: 'team',
      }),
    ).toEqual({
      ok: true,
      input: {
        name: 'Acme',
        whole: { name: 'Acme', tags: ['a', 'b'] },
        list: [25, 'x'],
        seats: 50,
        slug: 'acme',
        made: { n: 1, tags: ['a!', 'b!'] },
        key: 'd1',
        plan: 'team',
      },
    })
  })

  test('leaves out what a pointer does not find, and what is optional and not there', () => {
    expect(map({ a: { $pointer: '/nothing' }, b: { $cel: 'payload.?nothing' }, c: { $pointer: '/at' } })).toEqual({
      ok: true,
      input: { c: null },
    })
  })

  test('names each place whose CEL has no value', () => {
    expect(map({ a: { b: { $cel: 'payload.nothing' } }, c: { $cel: 'payload.seats + "x"' } })).toMatchObject({
      ok: false,
      issues: [{ path: '/a/b', message: expect.stringContaining('No such key') }, { path: '/c' }],
    })
  })

  test('never evaluates what only the payload says', () => {
    const hostile = { name: { $cel: '1 + 1' } }
    expect(mapPayload({ input: { name: { $pointer: '/name' } } }, { payload: hostile, delivery_id: '' })).toEqual({
      ok: true,
      input: { name: { $cel: '1 + 1' } },
    })
  })
})

test('a condition says which deliveries are meant', () => {
  const delivered = { payload, delivery_id: 'd1' }
  expect(isMeant({}, delivered)).toBe(true)
  expect(isMeant({ when: 'payload.type == "order"' }, delivered)).toBe(true)
  expect(isMeant({ when: 'payload.type == "refund"' }, delivered)).toBe(false)
  expect(() => isMeant({ when: 'payload.nothing' }, delivered)).toThrow('No such key')
})
