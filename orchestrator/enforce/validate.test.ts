import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { plan, run, shop, task } from './fixtures/shop.ts'
import { validatePlan } from './validate.ts'

const account = (id = 'account', args: JsonObject = { name: 'Acme', seats: 3 }, after: string[] = []) =>
  task(id, 'create_account', args, after)

function problemsOf(tasks: ReturnType<typeof task>[], made = run()) {
  const validation = validatePlan(plan(...tasks), made.situation, shop)
  return validation.ok ? [] : validation.problems
}

test('accepts a plan and names the contracts it runs under, undo and lookup included', () => {
  const made = run({ company: { name: 'Acme' } })
  const validation = validatePlan(
    plan(
      account('account', { name: { $ref: '/input/company/name' }, seats: 3 }),
      task('mail', 'send_mail', {
        to: 'a@acme.test',
        body: { $text: ['Your id is ', { $ref: '/tasks/account/output/account_id' }] },
      }),
    ),
    made.situation,
    shop,
  )
  expect(validation).toMatchObject({ ok: true, tasks: [{ id: 'account' }, { id: 'mail' }] })
  expect(validation.ok && Object.keys(validation.tools).sort()).toEqual([
    'shop.create_account',
    'shop.delete_account',
    'shop.find_account',
    'shop.send_mail',
  ])
})

describe('arguments', () => {
  test.each<[string, JsonObject, string, string]>([
    ['a literal of the wrong type', { name: 'Acme', seats: 'three' }, '/seats', 'must be integer'],
    ['a literal out of bounds', { name: 'Acme', seats: 0 }, '/seats', 'must be >= 1'],
    ['a missing argument', { name: 'Acme' }, '/seats', 'is required'],
    ['an unknown argument', { name: 'Acme', seats: 1, colour: 'red' }, '/colour', 'is not expected here'],
    [
      'an input that is not there',
      { name: { $ref: '/input/nobody' }, seats: 1 },
      '/name',
      'the input has no such value',
    ],
    ['an input value that does not fit', { name: { $ref: '/input/count' }, seats: 1 }, '/name', 'must be string'],
    ['a reference that is no pointer', { name: { $ref: 'input/name' }, seats: 1 }, '/name', 'must start with "/"'],
    [
      'a reference to nowhere',
      { name: { $ref: '/env/HOME' }, seats: 1 },
      '/name',
      'must start with /input/ or /tasks/',
    ],
    [
      'a task that is not there',
      { name: { $ref: '/tasks/maill/output/message_id' }, seats: 1 },
      '/name',
      'did you mean mail?',
    ],
    [
      'an output that is not there',
      { name: { $ref: '/tasks/mail/output/nope' }, seats: 1 },
      '/name',
      'has no such value',
    ],
    [
      'an output that cannot fit',
      { name: 'Acme', seats: { $ref: '/tasks/mail/output/message_id' } },
      '/seats',
      'it is string and integer is needed',
    ],
    ['a text where a number belongs', { name: 'Acme', seats: { $text: ['1'] } }, '/seats', 'a text does not fit'],
    ['a sealed value made up', { name: { $sealed: 'v1.a.b.c' }, seats: 1 }, '/name', 'may not hold sealed values'],
  ])('refuses %s', (_, args, path, message) => {
    const mail = task('mail', 'send_mail', { to: 'a', body: 'b' })
    expect(problemsOf([mail, account('account', args)], run({ count: 3 }))).toEqual([
      { path: `/tasks/1/arguments${path}`, message: expect.stringContaining(message) },
    ])
  })

  test('an argument that an open schema does not name is refused too', () => {
    expect(problemsOf([task('note', 'post_note', { noet: 'x' })])).toEqual([
      { path: '/tasks/0/arguments/noet', message: expect.stringContaining('did you mean note?') },
    ])
  })

  test('takes a reference into a tool without an output schema on trust, until the value is there', () => {
    const note = task('note', 'post_note', { note: 'x' })
    expect(problemsOf([note, account('account', { name: { $ref: '/tasks/note/output/title' }, seats: 1 })])).toEqual([])
  })

  test('judges a reference to a settled task by the value it gave', () => {
    const made = run()
    made.accept(task('note', 'post_note', { note: 'x' }))
    made.call('note', { status: 'succeeded', output: { title: 'Acme', count: 0 } })
    const again = (seats: string) =>
      account('account', { name: { $ref: '/tasks/note/output/title' }, seats: { $ref: seats } })
    expect(problemsOf([again('/tasks/note/output/count')], made)).toMatchObject([
      { path: '/tasks/0/arguments/seats', message: 'must be >= 1' },
    ])
    expect(problemsOf([again('/tasks/note/output/nope')], made)).toMatchObject([
      { message: expect.stringContaining('has no such value') },
    ])
  })

  test('a sensitive output feeds a sensitive field, and nothing else', () => {
    const password = task('password', 'create_password', { account_id: 'a' })
    const secret = { $ref: '/tasks/password/output/password' }
    expect(problemsOf([password, task('set', 'set_password', { password: secret })])).toEqual([])
    expect(problemsOf([password, account('account', { name: secret, seats: 1 })])).toMatchObject([
      { path: '/tasks/1/arguments/name', message: expect.stringContaining('sensitive') },
    ])
    expect(
      problemsOf([password, task('mail', 'send_mail', { to: 'a', body: { $text: ['It is ', secret] } })]),
    ).toMatchObject([{ path: '/tasks/1/arguments/body', message: expect.stringContaining('sensitive') }])
  })

  test('a sealed input feeds a sensitive field, and nothing else', () => {
    const made = run({ password: { $sealed: 'v1.a.b.c' } })
    const secret = { $ref: '/input/password' }
    expect(problemsOf([task('set', 'set_password', { password: secret })], made)).toEqual([])
    expect(problemsOf([account('account', { name: secret, seats: 1 })], made)).toHaveLength(1)
  })
})

describe('tools and effects', () => {
  test('refuses a tool that was not reviewed, and suggests one that was', () => {
    expect(problemsOf([task('account', 'create_acount')])).toEqual([
      {
        path: '/tasks/0/tool',
        message: 'there is no reviewed tool shop.create_acount; did you mean shop.create_account?',
      },
    ])
  })

  test('refuses a planned delete by the name of the rule', () => {
    expect(problemsOf([task('gone', 'delete_account', { account_id: 'a' })])).toMatchObject([
      { path: '/tasks/0/tool', message: expect.stringContaining('deletes-only-as-compensation') },
    ])
  })
})

describe('the graph', () => {
  test('refuses tasks that wait for each other, by order and by reference', () => {
    const one = account('one', { name: { $ref: '/tasks/two/output/account_id' }, seats: 1 })
    const two = account('two', { name: 'x', seats: 1 }, ['one'])
    expect(problemsOf([one, two])).toMatchObject([{ message: expect.stringContaining('in a circle') }])
    expect(problemsOf([account('self', { name: 'x', seats: 1 }, ['self'])])).toMatchObject([
      { path: '/tasks/0', message: expect.stringContaining('self → self') },
    ])
  })

  test('refuses to come after a task that is not there', () => {
    expect(problemsOf([account('account', { name: 'x', seats: 1 }, ['nobody'])])).toMatchObject([
      { path: '/tasks/0/after/0' },
    ])
  })

  test('refuses the same id twice, also one that has started; a task that had not started may be planned again', () => {
    expect(problemsOf([account(), account()])).toMatchObject([{ path: '/tasks/1/id' }])
    const made = run()
    made.accept(account('started'), account('waiting'))
    made.call('started')
    expect(problemsOf([account('started'), account('waiting')], made)).toMatchObject([{ path: '/tasks/0/id' }])
  })

  test('refuses to wait for a task that has failed', () => {
    const made = run()
    made.accept(account('failed'))
    made.call('failed', { status: 'failed', failure: { kind: 'declined', message: 'no' } })
    expect(
      problemsOf([account('next', { name: { $ref: '/tasks/failed/output/account_id' }, seats: 1 })], made),
    ).toMatchObject([{ path: '/tasks/0', message: expect.stringContaining('has failed') }])
  })
})

describe('the budget', () => {
  test('refuses more calls than are left, and a revision too many', () => {
    const made = run({}, { budget: { tool_calls: 2, revisions: 1 } })
    made.accept(account('first'))
    made.call('first')
    expect(problemsOf([account('a'), account('b')], made)).toEqual([
      { path: '', message: 'the budget allows no further revision of the plan' },
      { path: '/tasks', message: '2 calls are planned and the budget leaves 1' },
    ])
  })

  test('refuses a plan without tasks', () => {
    expect(problemsOf([])).toMatchObject([{ path: '/tasks' }])
  })
})
