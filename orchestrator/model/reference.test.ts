import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../shared/json.ts'
import { referencesIn, resolve, type Scope, taskOf } from './reference.ts'

const scope = (tasks: Record<string, { tool: string; output: Json }> = {}, input: JsonObject = {}): Scope => ({
  input,
  inputOrigins: () => ['input'],
  tasks: new Map(Object.entries(tasks)),
  literalOrigin: () => 'model',
})

describe('references', () => {
  test('take a value from the input or from a task that has succeeded, and say where it came from', () => {
    const resolved = resolve(
      { id: { $ref: '/tasks/org/output/organization_id' }, email: { $ref: '/input/admin/email' }, seats: 25 },
      scope(
        { org: { tool: 'organizations.create_organization', output: { organization_id: 'org_1' } } },
        { admin: { email: 'a@b.c' } },
      ),
    )
    expect(resolved).toEqual({
      ok: true,
      value: { id: 'org_1', email: 'a@b.c', seats: 25 },
      provenance: { '/id': ['tool:organizations.create_organization'], '/email': ['input'], '/seats': ['model'] },
    })
  })

  test('mark every leaf of a value taken whole', () => {
    const resolved = resolve({ all: { $ref: '/input/a' } }, scope({}, { a: { b: 1, c: [true] } }))
    expect(resolved).toMatchObject({ provenance: { '/all/b': ['input'], '/all/c/0': ['input'] } })
  })

  test('keep the origin of each leaf of the input, also where a value that holds it is taken whole or becomes a text', () => {
    const input = { customer: { email: 'a@b.c', plan: 'team' } }
    const resolved = resolve(
      {
        all: { $ref: '/input/customer' },
        email: { $ref: '/input/customer/email' },
        text: { $text: [{ $ref: '/input/customer' }] },
      },
      {
        ...scope({}, input),
        inputOrigins: (pointer) => (pointer === '/customer/email' ? ['trigger:signups'] : ['input']),
      },
    )
    expect(resolved).toMatchObject({
      provenance: {
        '/all/email': ['trigger:signups'],
        '/all/plan': ['input'],
        '/email': ['trigger:signups'],
        '/text': ['input', 'trigger:signups'],
      },
    })
  })

  test('compose a text whose origins are those of all its parts', () => {
    const resolved = resolve(
      { text: { $text: ['Hello ', { $ref: '/input/name' }, ', ', { $ref: '/tasks/t/output/n' }] } },
      {
        ...scope({ t: { tool: 'x.y', output: { n: 3 } } }, { name: 'Ada' }),
        literalOrigin: () => 'goal',
      },
    )
    expect(resolved).toMatchObject({
      value: { text: 'Hello Ada, 3' },
      provenance: { '/text': ['goal', 'input', 'tool:x.y'] },
    })
  })

  test('never become part of a text when they are sensitive', () => {
    const sealed = { $sealed: 'v1.a.b.c' }
    const resolved = resolve({ text: { $text: [{ $ref: '/input/tax_id' }] } }, scope({}, { tax_id: sealed }))
    expect(resolved).toMatchObject({ ok: false, issues: [{ path: '/text' }] })
    const whole = resolve({ text: { $text: [{ $ref: '/input/company' }] } }, scope({}, { company: { tax_id: sealed } }))
    expect(whole).toMatchObject({ ok: false, issues: [{ path: '/text' }] })
    expect(resolve({ id: { $ref: '/input/tax_id' } }, scope({}, { tax_id: sealed }))).toMatchObject({
      value: { id: sealed },
    })
  })

  test.each([
    ['/input/missing', 'the input has no such value'],
    ['/tasks/later/output/id', 'a task that has succeeded'],
    ['/elsewhere', 'must start with'],
    ['/input/toString', 'the input has no such value'],
  ])('%s that leads nowhere is named with its path', ($ref, reason) => {
    const resolved = resolve({ deep: [{ $ref }] }, scope())
    expect(resolved).toMatchObject({
      ok: false,
      issues: [{ path: '/deep/0', message: expect.stringContaining(reason) }],
    })
  })

  test('are found wherever they stand', () => {
    expect(referencesIn({ a: [{ $ref: '/input/x' }], b: { $text: ['t', { $ref: '/tasks/u/output' }] } })).toEqual([
      { path: '/a/0', ref: '/input/x' },
      { path: '/b/$text/1', ref: '/tasks/u/output' },
    ])
    expect([taskOf('/tasks/u/output'), taskOf('/input/x')]).toEqual(['u', undefined])
  })

  test('leave every value without a reference as it is, with an origin for each leaf', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"$'))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), plain), (args) => {
        const resolved = resolve(args as JsonObject, scope())
        expect(resolved).toMatchObject({ ok: true })
        if (resolved.ok) expect(JSON.stringify(resolved.value)).toBe(JSON.stringify(args))
      }),
    )
  })
})
