import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../shared/json.ts'
import { inputText } from './input-text.ts'

const secret = { type: 'string', sensitive: true }

function shown(properties: JsonObject, input: JsonObject): string {
  return inputText({ input: { type: 'object', properties } }, input)
}

describe('the input in one line', () => {
  test('has each value by its path, and what is sensitive as sealed', () => {
    const properties = { of: { properties: { name: {}, tax_id: secret } }, seats: {}, region: {} }
    expect(shown(properties, { of: { name: 'Acme', tax_id: 'DE1' }, seats: 5 })).toBe(
      'of.name Acme · of.tax_id [sealed] · seats 5',
    )
  })

  test.each([
    ['by name', [{ name: 'Acme', tax_id: 'DE1' }, { name: 'Beta' }], 'list 2: Acme, Beta · list.*.tax_id [sealed]'],
    ['by their count where all that they hold is sensitive', [{ tax_id: 'DE1' }], 'list 1 · list.*.tax_id [sealed]'],
    [
      'as sealed where they are sealed already',
      [{ tax_id: { $sealed: 'v1.a.b.c' } }],
      'list 1 · list.*.tax_id [sealed]',
    ],
    ['by the first of many', [...'abcdefgh'], 'list 8: a, b, c, d, e, and 3 more'],
    ['by their count where there are none', [], 'list 0'],
  ])('shows the items of a list %s', (_how, list, text) => {
    expect(shown({ list: { type: 'array', items: { properties: { tax_id: secret } } } }, { list })).toBe(text)
  })

  test('shows no list whose items are sensitive themselves', () => {
    expect(shown({ keys: { type: 'array', items: secret } }, { keys: ['k1', 'k2'] })).toBe('keys 2 · keys.* [sealed]')
    expect(shown({ keys: { ...secret, type: 'array' } }, { keys: ['k1'] })).toBe('keys [sealed]')
  })

  test('shows what no schema describes up to a length, sealed values apart', () => {
    const text = shown({ more: { type: 'object' } }, { more: { key: { $sealed: 'v1.a.b.c' }, text: 'x'.repeat(200) } })
    expect(text).toMatch(/^more \{"key":"\[sealed\]","text":"x+…$/)
    expect(text.length).toBeLessThan(130)
  })
})
