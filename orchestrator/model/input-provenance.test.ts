import { expect, test } from 'vitest'
import {
  afterChange,
  holdsOutput,
  inputProvenanceOf,
  isFromOutside,
  originsAt,
  provenanceFrom,
} from './input-provenance.ts'

const input = { admin: { email: 'a@b.c', name: 'Ada' }, seats: [5], card: { $sealed: 'v1.a.b.c' } }
const provenance = provenanceFrom(input, 'trigger:signups')

test('a trigger gives every leaf, and what nobody else gave is the input of who started the run', () => {
  expect(Object.keys(provenance)).toEqual(['/admin/email', '/admin/name', '/seats/0', '/card'])
  expect(originsAt(provenance, '/seats/0')).toEqual(['trigger:signups'])
  expect(originsAt(provenance, '/plan')).toEqual(['input'])
  expect(originsAt({}, '/plan')).toEqual(['input'])
})

test('a value that was sealed whole came from wherever its parts did', () => {
  expect(originsAt({ '/admin/email': ['trigger:a'], '/admin/name': ['client'] }, '/admin')).toEqual([
    'client',
    'trigger:a',
  ])
  expect(originsAt({ '/administrator': ['client'] }, '/admin')).toEqual(['input'])
})

test('what a person changed is theirs, what they left alone is not', () => {
  const after = { ...input, admin: { email: 'ops@b.c', name: 'Ada' } }
  expect(Object.keys(afterChange(provenance, input, after))).toEqual(['/admin/name', '/seats/0', '/card'])
})

test('a sub-goal gets what its call was given, with its origins', () => {
  const call = {
    '/input/email': ['trigger:signups' as const],
    '/input/plan': ['input' as const],
    '/input/id': ['tool:a.b' as const],
  }
  const ofChild = inputProvenanceOf(call)
  expect(ofChild).toEqual({ '/email': ['trigger:signups'], '/id': ['tool:a.b'] })
  expect([isFromOutside(ofChild), holdsOutput(ofChild)]).toEqual([true, true])
  expect([isFromOutside({ '/id': ['goal'] }), holdsOutput({ '/id': ['goal'] })]).toEqual([false, false])
})
