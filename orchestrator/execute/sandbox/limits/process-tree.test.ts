import { expect, test } from 'vitest'
import { treeOf, usedBy } from './process-tree.ts'

const all = [
  { pid: 1, parent: 0, residentPages: 100, tasks: 1 },
  { pid: 10, parent: 1, residentPages: 10, tasks: 2 },
  { pid: 11, parent: 10, residentPages: 20, tasks: 3 },
  { pid: 12, parent: 11, residentPages: 30, tasks: 4 },
  { pid: 20, parent: 1, residentPages: 40, tasks: 5 },
]

test('counts a process and all that came of it', () => {
  expect(treeOf(10, all).map(({ pid }) => pid)).toEqual([10, 11, 12])
  expect(usedBy(treeOf(10, all))).toEqual({ bytes: 60 * 4_096, tasks: 9 })
})

test('nothing is left of a process that has gone', () => {
  expect(treeOf(99, all)).toEqual([])
})
