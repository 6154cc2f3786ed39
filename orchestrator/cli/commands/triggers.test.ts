import { expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runCli } from '../run-cli.ts'

async function remit(argv: string[], prepare: (workplace: FakeWorkplace) => void = () => {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(happyPath().events)
  prepare(workplace)
  const exit = await runCli(argv, workplace, terminal)
  expect(workplace.openNow).toBe(0)
  return { exit, out: terminal.out, err: terminal.err, workplace }
}

test('lists what starts runs, and how each comes', async () => {
  const { out, workplace } = await remit(['triggers'])
  for (const part of [
    'webhook of stripe: POST /v1/triggers/signups',
    'schedule 0 2 * * *, Europe/Berlin',
    'queue orders',
  ])
    expect(out).toContain(part)
  expect(workplace.opened).toEqual([])
})

test('shows the input that a payload would lead to, and starts nothing', async () => {
  const { exit, out, workplace } = await remit(['triggers', 'try', 'orders', '{"seats": 3}'])
  expect([exit, JSON.parse(out)]).toEqual([0, { given: { seats: 3 } }])
  expect(workplace.opened).toEqual([])
})

test('says why a payload would start nothing', async () => {
  expect((await remit(['triggers', 'try', 'orders', '{"seats": 0}'])).err).toContain('orders is not meant')
  expect(await remit(['triggers', 'try', 'signup', '{}'])).toMatchObject({ exit: 2 })
})

test('puts a message under its id into a queue that a trigger listens to, and into no other', async () => {
  const { out, workplace } = await remit(['triggers', 'enqueue', 'orders', '{"a": 1}', '--id', 'order-7', '--json'])
  expect(JSON.parse(out)).toEqual({ queue: 'orders', message_id: 'order-7' })
  expect(workplace.answers).toEqual([['enqueue', 'orders', '{"a":1}', 'order-7']])
  const other = await remit(['triggers', 'enqueue', 'order', '{}'])
  expect(other).toMatchObject({ exit: 2, err: expect.stringContaining('there are orders') })
})

test('lists messages that were set aside, with the reason', async () => {
  const one = {
    queue: 'orders',
    message_id: 'm',
    refused: '/seats is required',
    enqueued_at: '2026-05-01T00:00:00.000Z',
  }
  const { out } = await remit(['triggers', 'refused'], (workplace) => workplace.refusedMessages.push(one))
  expect(out).toContain('/seats is required')
})
