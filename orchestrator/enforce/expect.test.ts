import { expect, test } from 'vitest'
import { judgeExpect } from './expect.ts'

const call = { arguments: { seats: 3 }, output: { status: 'active', seats: 3, steps: [{ done: true }] } }

test.each([
  'output.status in ["active", "trialing"]',
  'output.seats == arguments.seats',
  'output.seats >= 1 && output.steps.all(step, step.done)',
])('%s holds', (expression) => {
  expect(judgeExpect(expression, call)).toBe(true)
})

test.each([
  ['output.status == "incomplete"', 'it does not hold that'],
  ['output.nope == 1', 'cannot be judged: No such key: nope'],
  ['output.seats', 'is not a yes or a no'],
  ['output.status ==', 'cannot be judged'],
  ['process.exit(1)', 'cannot be judged'],
])('%s is unsatisfied', (expression, why) => {
  expect(judgeExpect(expression, call)).toEqual({ kind: 'unsatisfied', message: expect.stringContaining(why) })
})

test('a message does not hold the values', () => {
  expect(
    JSON.stringify(judgeExpect('output.password == "y"', { arguments: {}, output: { password: 'hunter2' } })),
  ).not.toContain('hunter2')
})
