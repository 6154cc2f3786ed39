import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { rootOfPath, treePath, treeRoot } from './head-tree.ts'

it('leads from every value to the root, for every number of values', () => {
  for (let size = 1; size <= 17; size += 1) {
    const values = Array.from({ length: size }, (_, index) => ['run', index, 'hash'])
    for (const [index, value] of values.entries()) {
      const path = treePath(values, index)
      expect(rootOfPath(value, path)).toBe(treeRoot(values))
      expect(rootOfPath(['run', index, 'other'], path)).not.toBe(treeRoot(values))
      expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
    }
  }
})

it('has the root that RFC 9162 gives', () => {
  const hash = (...parts: (string | Buffer)[]) =>
    parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest()
  const [one, two, three] = ['"a"', '"b"', '"c"'].map((text) => hash('\0', text)) as [Buffer, Buffer, Buffer]
  expect(treeRoot(['a', 'b', 'c'])).toBe(hash('\u0001', hash('\u0001', one, two), three).toString('hex'))
  expect(treeRoot([])).toBe(hash().toString('hex'))
})

it('takes no inner node for a value', () => {
  expect(treeRoot(['a', 'b'])).not.toBe(treeRoot([treeRoot(['a']), treeRoot(['b'])]))
})
