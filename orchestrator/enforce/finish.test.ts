import { expect, test } from 'vitest'
import { checkFinish, type Finish } from './finish.ts'
import { run, task } from './fixtures/shop.ts'

const succeeded = { status: 'succeeded' as const, output: {} }

function finish(...outcomes: [string, string][]): Finish {
  return { kind: 'finish', outcomes: outcomes.map(([fact, established_by]) => ({ fact, established_by })), why: 'done' }
}

function ranWith(tool: string, outcome: Parameters<ReturnType<typeof run>['call']>[1] = succeeded, goalParts = {}) {
  const made = run({}, goalParts)
  made.accept(task('account', tool))
  made.call('account', outcome)
  return made.situation
}

const problemOf = (decision: Finish, situation: ReturnType<typeof ranWith>) => {
  const checked = checkFinish(decision, situation)
  return checked.ok ? undefined : checked.problems
}

test('accepts a settled call of a tool that establishes the outcome', () => {
  expect(checkFinish(finish(['shop.account', 'call_account']), ranWith('create_account'))).toEqual({ ok: true })
})

test.each([
  ['an outcome nobody cited', finish(), ranWith('create_account'), '/outcomes', 'no call is cited'],
  [
    'a call that was never made',
    finish(['shop.account', 'call_x']),
    ranWith('create_account'),
    '/outcomes/0/established_by',
    'no call call_x',
  ],
  [
    'a tool that establishes something else',
    finish(['shop.account', 'call_account']),
    ranWith('send_mail'),
    '/outcomes/0/established_by',
    'does not establish',
  ],
  [
    'a call that failed',
    finish(['shop.account', 'call_account']),
    ranWith('create_account', { status: 'failed', failure: { kind: 'declined', message: 'no' } }),
    '/outcomes/0/established_by',
    'failed',
  ],
  [
    'a call that is uncertain',
    finish(['shop.account', 'call_account']),
    ranWith('create_account', { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }),
    '/outcomes/0/established_by',
    'is uncertain',
  ],
  [
    'a read, for an outcome that must be made',
    finish(['shop.account', 'call_account']),
    ranWith('find_account'),
    '/outcomes/0/established_by',
    'only reads',
  ],
])('refuses %s', (_, decision, situation, path, message) => {
  expect(problemOf(decision, situation)).toEqual([{ path, message: expect.stringContaining(message) }])
})

test('refuses a call that has not settled, and one that was undone', () => {
  const made = run()
  made.accept(task('account', 'create_account'))
  made.call('account')
  const decision = finish(['shop.account', 'call_account'])
  expect(problemOf(decision, made.situation)).toMatchObject([{ message: expect.stringContaining('has not settled') }])

  const situation = ranWith('create_account')
  const call = situation.calls.get('call_account')
  if (call) call.compensated_by = 'call_undo'
  expect(problemOf(decision, situation)).toMatchObject([{ message: expect.stringContaining('was undone') }])
})

test('takes a read where the goal allows what existed before', () => {
  const outcomes = [{ fact: 'shop.account', existing: true }]
  expect(
    checkFinish(finish(['shop.account', 'call_account']), ranWith('find_account', succeeded, { outcomes })),
  ).toEqual({ ok: true })
})

test('an outcome that a person waived needs no evidence', () => {
  const situation = ranWith('send_mail')
  situation.waived.add('shop.account')
  expect(checkFinish(finish(), situation)).toEqual({ ok: true })
})
