import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { loadGoal } from './load-goal.ts'
import { validateInput } from './validate-input.ts'

const onboard = await loadGoal(new URL('./onboard.yaml', import.meta.url).pathname)
const example = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'))

function faults(input: Json): string[] {
  const validation = validateInput(onboard, input)
  return validation.ok ? [] : validation.issues.map(({ path, message }) => `${path} ${message}`)
}

test('a full input is taken as it is', () => {
  expect(validateInput(onboard, example('acme'))).toEqual({ ok: true, input: example('acme') })
})

test('defaults are filled in, and the input given stays as it was', () => {
  const given = example('minimal')
  expect(validateInput(onboard, given)).toMatchObject({ ok: true, input: { interval: 'monthly', region: 'eu' } })
  expect(given).not.toHaveProperty('interval')
})

test.each([
  ['invalid-seats', ['/seats must be at least 1 (got 0)']],
  ['invalid-too-many-seats', ['/seats must be at most 5 (got 25): that is all a starter plan has']],
  [
    'invalid-email-and-slug',
    ['/admin/email must be a valid email (got "gavin at hooli")', '/organization/slug must match ^[a-z]'],
  ],
  [
    'invalid-unknown-field',
    [
      '/organization/contry is not known here; country is there already',
      '/seat is not known here; seats is there already',
    ],
  ],
  [
    'invalid-missing',
    [
      '/admin/email is required',
      '/organization/country is required',
      '/organization/slug is required',
      '/plan is required',
      '/seats must be an integer (got "25")',
    ],
  ],
])('names every fault of examples/%s.json by its path', (name, expected) => {
  const found = faults(example(name))
  expect(found.map((fault, index) => fault.slice(0, expected[index]?.length))).toEqual(expected)
})

test('suggests the property that was probably meant', () => {
  const { plan: _, ...rest } = example('minimal') as Record<string, Json>
  expect(faults({ ...rest, paln: 'team' })).toContain('/paln is not known here; did you mean plan?')
})

test('says what an input must be that is no object', () => {
  expect(faults([])).toEqual([' must be an object'])
  expect(faults('acme')).toEqual([' must be an object'])
})

test('never shows a sensitive value', () => {
  const input = { ...(example('minimal') as Record<string, Json>), tax_id: 'S3C' }
  expect(faults(input)).toEqual(['/tax_id must have at least 4 characters'])
})

test('examples/not-json.json is no JSON', () => {
  expect(() => example('not-json')).toThrow(SyntaxError)
})
