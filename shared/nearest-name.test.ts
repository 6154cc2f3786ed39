import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

test.each([
  ['contry', 'country'],
  ['PLAN', 'plan'],
  ['paln', 'plan'],
  ['seat', 'seats'],
  ['workspace', undefined],
  ['x', undefined],
])('the name near %s is %s', (name, near) => {
  expect(nearestName(name, ['plan', 'seats', 'country'])).toBe(near)
})
