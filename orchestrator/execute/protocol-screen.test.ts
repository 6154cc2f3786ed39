import { describe, expect, test } from 'vitest'
import { screenProtocol, unusableAnswer } from './protocol-screen.ts'

function screen({ asked = [1], canAnswer = true }: { asked?: (number | string)[]; canAnswer?: boolean } = {}) {
  const opened = screenProtocol({ unaskedBytes: 1_000, canAnswer: () => canAnswer })
  for (const id of asked) opened.sent({ jsonrpc: '2.0', id, method: 'tools/call' })
  return { ...opened, line: (value: unknown) => opened.read(JSON.stringify(value), 100) }
}

const result = (id: unknown) => ({ jsonrpc: '2.0', id, result: {} })

describe('an answer', () => {
  test('passes once', () => {
    const { line } = screen()
    expect(line(result(1))).toEqual({ message: result(1), unasked: false })
    expect(line(result(1))).toEqual({ fault: 'an answer to nothing that was asked', unasked: true })
  })

  test.each(['1', 2, null, 1.5, [1], {}])('to %j does not pass for one to 1', (id) => {
    expect(screen().line(result(id))).toEqual({ fault: 'an answer to nothing that was asked', unasked: true })
  })

  test('to a request that was cancelled is dropped without complaint', () => {
    const { line, sent } = screen()
    sent({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
    expect(line(result(1))).toEqual({ unasked: true })
  })

  test.each([
    { jsonrpc: '2.0', id: 1 },
    { id: 1, result: {} },
    { jsonrpc: '2.0', id: 1, result: 'fine' },
  ])('that is %j becomes an error of its call', (answer) => {
    const { fault, message } = screen().line(answer)
    expect(fault).toBe('an answer that is no JSON-RPC')
    expect(message).toMatchObject({ id: 1, error: { code: unusableAnswer } })
  })
})

describe('what nobody asked for', () => {
  test('passes when it is a notification or a request', () => {
    const { line } = screen()
    const notification = { jsonrpc: '2.0', method: 'notifications/progress', params: {} }
    expect(line(notification)).toEqual({ message: notification, unasked: true })
    expect(line({ ...notification, id: 1 })).toMatchObject({ message: { id: 1 }, unasked: true })
  })

  test('does not pass when it is too long', () => {
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: {} })
    expect(screen().read(text, 1_001)).toEqual({
      fault: 'a message of 1001 bytes that nobody asked for',
      unasked: true,
    })
  })

  test('does not pass when it is a request whose answer nobody reads', () => {
    const { line } = screen({ canAnswer: false })
    expect(line({ jsonrpc: '2.0', id: 1, method: 'ping' }).message).toBeUndefined()
  })
})

test.each(['', 'Listening on 3000', '{"jsonrpc":', '7', 'null', '[]', '"text"', '{}', '{"jsonrpc":"2.0","method":7}'])(
  'the line %j is a fault and goes no further',
  (line) => {
    const { fault, message } = screen().read(line, line.length)
    expect(fault).toEqual(expect.any(String))
    expect(message).toBeUndefined()
  },
)

describe('a line too long to keep', () => {
  const long = (head: string, tail: string) => ({ bytes: 20_000_000, head, tail })

  test.each([
    ['id first', '{"jsonrpc":"2.0","id":1,"result":{"', '"}}'],
    ['id first, without a version before it', '{ "id" : 1 , "result":{"', '"}}'],
    ['id last', '{"result":{"', '"},"jsonrpc":"2.0","id":1}'],
    ['id before the version', '{"result":{"', '"}, "id": 1, "jsonrpc": "2.0" }'],
  ])('ends the call that it answers: %s', (_, head, tail) => {
    const { readLong } = screen()
    expect(readLong(long(head, tail))).toMatchObject({
      fault: 'a line of 20000000 bytes',
      message: { id: 1, error: { code: unusableAnswer, message: 'it has 20000000 bytes' } },
    })
  })

  test.each([
    ['an id inside the result', '{"result":{"', '"id":1}]}}'],
    ['an id in a text', '{"result":{"', '\\"id\\":1}"}}'],
    ['the id of no request', '{"jsonrpc":"2.0","id":7,"result":{"', '"}}'],
  ])('ends no call by mistake: %s', (_, head, tail) => {
    expect(screen().readLong(long(head, tail)).message).toBeUndefined()
  })
})
