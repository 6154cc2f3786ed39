import { expect, test } from 'vitest'
import { bindCall } from './compensation.ts'

const call = {
  arguments: { path: 'a.md', secret: { $sealed: 'x' } },
  outcome: { status: 'succeeded' as const, output: { n: 7 } },
}
const path = { $ref: '/arguments/path' }

test('an undo takes what the call was given and returned, also as parts of a text', () => {
  const bound = bindCall({ source: path, destination: { $text: [path, '.', { $ref: '/output/n' }] } }, call)
  expect(bound).toEqual({ ok: true, arguments: { source: 'a.md', destination: 'a.md.7' } })
})

test.each([
  [{ $text: ['to ', { $ref: '/output/missing' }] }, '/output/missing'],
  [{ $text: ['to ', { $ref: '/arguments/secret' }] }, 'a text in which nothing is sensitive'],
])('%j cannot be bound', (to, message) => {
  expect(bindCall({ to }, call)).toEqual({ ok: false, issues: [{ path: '/to', message }] })
})
