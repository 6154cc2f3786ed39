import { expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { checkArguments } from './arguments.ts'
import { shop } from './fixtures/shop.ts'

const sealed = { $sealed: 'v1.a.b.c' }

function issuesOf(name: string, args: JsonObject) {
  const tool = shop.tools.get(`shop.${name}`)
  return tool ? checkArguments(tool, args) : undefined
}

test('says nothing of arguments that are right', () => {
  expect(issuesOf('create_account', { name: 'Acme', seats: 3, plan: 'team' })).toEqual([])
})

test('names every fault by its path at once', () => {
  expect(issuesOf('create_account', { seats: 0, plan: 'huge', extra: 1 })).toEqual(
    expect.arrayContaining([
      { path: '/name', message: 'is required' },
      { path: '/seats', message: 'must be >= 1' },
      { path: '/plan', message: 'must be one of ["team","solo"]' },
      { path: '/extra', message: 'is not expected here' },
    ]),
  )
})

test('takes a sealed value where the field is sensitive, and nowhere else', () => {
  expect(issuesOf('set_password', { password: sealed })).toEqual([])
  expect(issuesOf('create_account', { name: sealed, seats: 1 })).toMatchObject([{ path: '/name' }])
})
