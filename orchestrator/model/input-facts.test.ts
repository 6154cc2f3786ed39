import { expect, test } from 'vitest'
import { inputProperties } from './input-facts.ts'

test('names what is sensitive within the items of an array, which gives no fact', () => {
  const user = {
    type: 'object',
    properties: {
      name: { type: 'string', fact: 'users.name' },
      password: { type: 'string', fact: 'users.password', sensitive: true },
    },
  }
  const schema = {
    type: 'object',
    properties: { users: { type: 'array', items: user }, owner: { type: 'string', fact: 'owner.name' } },
  }
  expect(inputProperties(schema).map(({ pointer, fact, sensitive }) => [pointer, fact, sensitive])).toEqual([
    ['/users', undefined, false],
    ['/users/*/password', undefined, true],
    ['/owner', 'owner.name', false],
  ])
})
