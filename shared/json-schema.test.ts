import { describe, expect, test } from 'vitest'
import { compileSchema } from './json-schema.ts'

const person = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    email: { type: 'string', format: 'email' },
    address: {
      anyOf: [
        { type: 'object', properties: { city: { type: 'string' } }, required: ['city', 'zip'] },
        { type: 'null' },
      ],
    },
  },
  required: ['name'],
  additionalProperties: false,
}

test('names every fault by its path, the missing and the unexpected at their own place', () => {
  expect(compileSchema(person)({ email: 'nobody', 'a/b': 1 })).toEqual(
    expect.arrayContaining([
      { path: '/name', message: 'is required' },
      { path: '/a~1b', message: 'is not expected here' },
      { path: '/email', message: 'must match format "email"' },
    ]),
  )
})

test('takes schemas of another draft, and two with the same $id', () => {
  const old = { $schema: 'http://json-schema.org/draft-07/schema#', $id: 'same', type: 'string' }
  expect(compileSchema(old)('x')).toEqual([])
  expect(compileSchema({ ...old, type: 'integer' })('x')).toHaveLength(1)
})

describe('values that are not known', () => {
  test('are not judged, and what is beside them is', () => {
    expect(compileSchema(person)({ name: null, email: 'nobody' }, ['/name'])).toEqual([
      { path: '/email', message: 'must match format "email"' },
    ])
  })

  test('leave open which alternative holds above them', () => {
    expect(compileSchema(person)({ name: 'Ann', address: { city: null } }, ['/address/city'])).toEqual([])
    expect(compileSchema(person)({ name: 'Ann', address: 'here' }, ['/name'])).not.toEqual([])
  })
})
