import { expect, test } from 'vitest'
import { task } from './fixtures/shop.ts'
import { ancestorsOf, dependenciesOf, findCycle } from './task-graph.ts'

test('a task waits for what it comes after and for what its arguments, texts included, refer to', () => {
  const mail = task(
    'mail',
    'send_mail',
    {
      to: { $ref: '/tasks/b/output/x' },
      body: { $text: ['hi ', { $ref: '/tasks/c/output/y' }, { $ref: '/input/z' }, { $ref: 'broken' }] },
    },
    ['a', 'b'],
  )
  expect(dependenciesOf(mail)).toEqual(['a', 'b', 'c'])
})

test('finds a cycle that is not where the search starts, and none in a diamond', () => {
  expect(
    findCycle(
      new Map([
        ['a', ['b', 'c']],
        ['b', ['d']],
        ['c', ['d']],
        ['d', []],
      ]),
    ),
  ).toBeUndefined()
  expect(
    findCycle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['d']],
        ['d', ['b']],
      ]),
    ),
  ).toEqual(['b', 'c', 'd', 'b'])
})

test('ancestors go all the way up', () => {
  expect(
    [
      ...ancestorsOf(
        'c',
        new Map([
          ['a', []],
          ['b', ['a']],
          ['c', ['b']],
        ]),
      ),
    ].sort(),
  ).toEqual(['a', 'b'])
})
