import { describe, expect, test } from 'vitest'
import { itemName, itemSchema } from './item-name.ts'

const schema = {
  properties: {
    admin: { properties: { name: { fact: 'customers.admin_name' } } },
    organization: { properties: { name: { fact: 'customers.name' } } },
  },
}

describe('the name of an item', () => {
  test('is the value whose fact is a name, wherever it stands', () => {
    const item = { admin: { name: 'Ada' }, organization: { name: 'Acme' } }
    expect(itemName(item, schema)).toBe('Acme')
    expect(itemName(item)).toBe('Ada')
  })

  test.each([
    ['the nearest name or title', { deep: { name: 'far' }, title: 'near' }, 'near'],
    ['the first text where nothing is called so', { id: null, of: { email: 'a@b.example' } }, 'a@b.example'],
    ['the item itself where it is a text', 'Acme', 'Acme'],
    ['a number where there is nothing better', { seats: 5 }, '5'],
    ['nothing where there is nothing to say', { list: ['a'], none: null }, undefined],
    ['never what is sealed', { name: { $sealed: 'v1.a.b.c' }, slug: 'acme' }, 'acme'],
    ['never what stands for what is sealed', { name: '[sealed]' }, undefined],
  ])('is %s', (_what, item, name) => {
    expect(itemName(item)).toBe(name)
  })
})

test('the schema of the items is found along properties, in the input alone', () => {
  const input = { properties: { of: { properties: { 'a/b': { items: schema } } } } }
  expect(itemSchema(input, '/input/of/a~1b')).toBe(schema)
  expect(itemSchema(input, '/input/of/other')).toBeUndefined()
  expect(itemSchema(input, '/tasks/read/output/list')).toBeUndefined()
})
