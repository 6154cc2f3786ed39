import { array, constantFrom, assert as fcAssert, nat, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { run, shop, task } from './fixtures/shop.ts'
import { orderIrreversible } from './order-irreversible.ts'
import { ancestorsOf, dependenciesOf, findCycle } from './task-graph.ts'

const contract = (id: string) => shop.tools.get(id)
const undoAccount = { outcomes: [{ fact: 'shop.account', on_failure: 'undo' }, { fact: 'shop.mail' }] }

function afterOf(tasks: ReturnType<typeof task>[], made = run({}, undoAccount)) {
  return Object.fromEntries(orderIrreversible(tasks, made.situation, contract).map(({ id, after }) => [id, after]))
}

test('mail waits for what could undo the run, however it contributes', () => {
  const password = task('password', 'create_password', { account_id: 'a' })
  const account = task('account', 'create_account', { name: { $ref: '/tasks/password/output/hint' }, seats: 1 })
  const mail = task('mail', 'send_mail', { to: 'a', body: 'b' })
  expect(afterOf([mail, password, account])).toEqual({
    mail: ['account'],
    password: [],
    account: [],
  })
})

test('nothing waits for a task whose failure would not undo the run', () => {
  const made = run({}, { outcomes: [{ fact: 'shop.account', on_failure: 'wait' }] })
  expect(afterOf([task('account', 'create_account'), task('mail', 'send_mail')], made)).toEqual({
    account: [],
    mail: [],
  })
})

test('what can be undone, and what only reads, does not wait', () => {
  expect(
    afterOf([task('account', 'create_account'), task('set', 'set_password'), task('find', 'find_account')]),
  ).toEqual({
    account: [],
    set: [],
    find: [],
  })
})

test('a task that an essential one needs is not made to wait for it', () => {
  const note = task('note', 'post_note', { note: 'x' })
  const account = task('account', 'create_account', { name: { $ref: '/tasks/note/output/title' }, seats: 1 })
  expect(afterOf([note, account])).toEqual({ note: [], account: [] })
})

test('mail waits for an essential task that has started and not settled', () => {
  const made = run({}, undoAccount)
  made.accept(task('account', 'create_account'))
  made.call('account')
  expect(afterOf([task('mail', 'send_mail')], made)).toEqual({ mail: ['account'] })
})

test('any acyclic plan stays acyclic, and no irreversible task can start before an essential one that does not need it', () => {
  const tools = constantFrom('create_account', 'create_password', 'send_mail', 'post_note', 'find_account')
  const shape = array(record({ tool: tools, after: array(nat(11), { maxLength: 3 }) }), { minLength: 1, maxLength: 12 })
  const both = {
    outcomes: [
      { fact: 'shop.account', on_failure: 'undo' },
      { fact: 'shop.note', on_failure: 'undo' },
    ],
  }
  fcAssert(
    property(shape, (shapes) => {
      const tasks = shapes.map(({ tool, after }, index) =>
        task(`t${index}`, tool, {}, [...new Set(after.filter((other) => other < index).map((other) => `t${other}`))]),
      )
      const ordered = orderIrreversible(tasks, run({}, both).situation, contract)
      const before = new Map(tasks.map((one) => [one.id, dependenciesOf(one)]))
      const graph = new Map(ordered.map((one) => [one.id, dependenciesOf(one)]))
      expect(findCycle(graph)).toBeUndefined()
      for (const one of tasks)
        expect(graph.get(one.id)).toEqual(expect.arrayContaining([...(before.get(one.id) ?? [])]))
      const essential = tasks.filter(({ tool }) =>
        contract(tool)?.establishes.some((fact) => ['shop.account', 'shop.note'].includes(fact)),
      )
      for (const mail of tasks.filter(({ tool }) => tool === 'shop.send_mail')) {
        for (const { id } of essential) {
          expect(ancestorsOf(mail.id, graph).has(id) || ancestorsOf(id, graph).has(mail.id)).toBe(true)
        }
      }
    }),
  )
})
