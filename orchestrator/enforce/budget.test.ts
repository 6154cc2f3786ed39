import { expect, test } from 'vitest'
import { mayReserve, remaining } from './budget.ts'
import { run, task } from './fixtures/shop.ts'

test('what is reserved stays spent, and what is in flight takes a place', () => {
  const made = run(
    {},
    { budget: { tool_calls: 3, compensation_calls: 1, concurrency: 2, revisions: 2, wall_clock_s: 60 } },
  )
  made.accept(task('a', 'create_account'), task('b', 'create_account'))
  made.call('a', { status: 'failed', failure: { kind: 'declined', message: 'no' } })
  made.call('b')
  expect(remaining(made.situation)).toEqual({
    tool_calls: 1,
    compensation_calls: 1,
    concurrency: 1,
    revisions: 1,
    model_calls: 50,
    tokens: 2_000_000,
    cost_usd: 10,
  })
})

test('an exhausted budget is a failure, and the undo has a reserve of its own', () => {
  const made = run({}, { budget: { tool_calls: 1, compensation_calls: 1 } })
  made.accept(task('a', 'create_account'))
  made.call('a')
  expect(mayReserve(made.situation, 'task')).toMatchObject({
    kind: 'budget_exhausted',
    message: expect.stringContaining('0 of 1'),
  })
  expect(mayReserve(made.situation, 'lookup')).toMatchObject({ kind: 'budget_exhausted' })
  expect(mayReserve(made.situation, 'compensation')).toBe(true)
  expect(mayReserve(made.situation, 'compensation', { tool_calls: 2 })).toMatchObject({ kind: 'budget_exhausted' })
})
