import { expect, test } from 'vitest'
import { type Expectations, judge } from './judge.ts'
import type { Check } from './run-suite.ts'

const because = 'a reason that somebody can judge'
const check = (id: string, status = 'SUCCESS'): Check => ({ id, status })

function surprises(checks: Record<string, Check[]>, expected: Expectations = {}): string[] {
  const wanted = { required: ['must'], optional: ['may'] }
  const whole = { must: [check('a')], may: [check('b')], ...checks }
  return judge(wanted, new Map(Object.entries(whole)), expected).surprises
}

test('is content where everything passes', () => {
  expect(surprises({})).toEqual([])
  expect(surprises({ must: [check('a'), check('w', 'WARNING'), check('i', 'INFO')] })).toEqual([])
})

test('takes what is listed, as long as just that fails', () => {
  const expected: Expectations = { may: { fails: ['b', 'c'], because } }
  const both = [check('a'), check('b', 'FAILURE'), check('c', 'FAILURE'), check('c', 'FAILURE')]
  expect(surprises({ may: both }, expected)).toEqual([])
  expect(surprises({ may: [...both, check('d', 'FAILURE')] }, expected)).toEqual(['may fails: d'])
  expect(surprises({ may: [check('a'), check('b', 'FAILURE')] }, expected)).toEqual([
    'may passes where it was to fail: c',
  ])
  expect(surprises({}, expected)).toEqual(['may passes: take it off the list'])
})

test('reports a failure that nobody listed, required or not', () => {
  expect(surprises({ must: [check('a'), check('x', 'FAILURE')] })).toEqual(['must fails: x'])
  expect(surprises({ may: [check('x', 'FAILURE')] })).toEqual(['may fails: x'])
})

test('excuses nothing that is required', () => {
  const expected: Expectations = { must: { fails: ['x'], because } }
  expect(surprises({ must: [check('x', 'FAILURE')] }, expected)).toEqual([
    'must is required: it cannot be listed as expected to fail',
  ])
})

test('takes a scenario that checked nothing for passed only where that is listed', () => {
  expect(surprises({ may: [check('b', 'SKIPPED')] })).toEqual(['may checked nothing'])
  expect(surprises({ may: [check('b', 'SKIPPED')] }, { may: { skipped: true, because } })).toEqual([])
  expect(surprises({ must: [] })).toEqual(['must checked nothing'])
})

test('notices what did not run, ran unasked, or is listed and does not exist', () => {
  const found = judge({ required: ['must'], optional: [] }, new Map([['other', [check('a')]]]), {
    gone: { fails: ['a'], because },
  })
  expect(found.surprises).toEqual([
    'must did not run',
    'gone is listed, and no scenario is called so',
    'other ran, and nobody asked for it',
  ])
})
