import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ModelRequest, Sent } from './endpoint.ts'
import { type MessagesEndpointOptions, messagesEndpoint } from './messages-endpoint.ts'

const apiKey = 'sk-ant-scripted-0123456789'
const request: ModelRequest = {
  model: 'some-model',
  max_tokens: 1_024,
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Decide.' }] }],
}

interface Served {
  sent: Sent
  /** How many requests came. */
  asked: number
}

/** Asks an endpoint that answers like this. */
async function ask(
  respond: (response: ServerResponse) => unknown,
  settings: Partial<MessagesEndpointOptions> = {},
): Promise<Served> {
  let asked = 0
  const server = createServer((incoming, response) => {
    asked += 1
    incoming.resume()
    incoming.on('end', () => respond(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const baseUrl = `http://127.0.0.1:${port}`
  const limits = { answerMs: 60_000, stallMs: 60_000, mostBytes: 1024 * 1024 }
  try {
    const sent = await messagesEndpoint({ apiKey, baseUrl, ...limits, ...settings }).send(
      request,
      new AbortController().signal,
    )
    return { sent, asked }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const usage = { input_tokens: 7, output_tokens: 1 }
const start = (figures: object = usage) =>
  event({ type: 'message_start', message: { model: 'm', usage: figures } } as never)
const text = (part: string) =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: part } } as never)
const end = (figures: object = { output_tokens: 2 }) =>
  event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: figures } as never)
const stop = event({ type: 'message_stop' })
const whole = `${start()}${text('{"ä')}${text('": 1}')}${end()}${stop}`

const stream = (body: string | Uint8Array, headers: object = { 'content-type': 'text/event-stream' }) => {
  return (response: ServerResponse) => response.writeHead(200, { ...headers }).end(body)
}

describe('a stream', () => {
  test.each([
    ['as it is', whole],
    ['with CRLF', whole.replaceAll('\n', '\r\n')],
    [
      'with comments and pings',
      `: hello\n\n${whole.replaceAll('event: content', ': still here\n\nevent: ping\ndata: {}\n\nevent: content')}`,
    ],
    [
      'with events of other kinds',
      `${start()}event: content_block_new\ndata: {"type": "content_block_new"}\n\n${whole.slice(start().length)}`,
    ],
  ])('%s is read', async (_what, body) => {
    expect((await ask(stream(body))).sent).toMatchObject({
      ok: true,
      answer: { text: '{"ä": 1}', stop_reason: 'end_turn' },
    })
  })

  test('that comes in pieces of one byte is read', async () => {
    const { sent } = await ask(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const byte of Buffer.from(whole)) {
        response.write(Uint8Array.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    })
    expect(sent).toMatchObject({ ok: true, answer: { text: '{"ä": 1}' } })
  })

  test('that is cut at any byte before its end is no answer', { timeout: 60_000 }, async () => {
    const bytes = Buffer.from(whole)
    const lengths = Array.from({ length: bytes.length }, (_, length) => length)
    const answered: number[] = []
    for (const length of lengths) {
      const { sent, asked } = await ask(stream(bytes.subarray(0, length)))
      if (sent.ok) answered.push(length)
      else expect(sent.failure).toMatchObject({ kind: 'unavailable' })
      expect(asked).toBe(1)
    }
    // Without the blank line after it, the last event has not come.
    expect(answered).toEqual([])
  })

  test('whose line stays open is over once its end has come, and the line is closed', async () => {
    let closed: Promise<void> | undefined
    const { sent } = await ask((response) => {
      closed = new Promise((resolve) => response.once('close', resolve))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(whole)
    })
    expect(sent.ok).toBe(true)
    await closed
  })

  test('in which nothing but signs of life come is no silence', async () => {
    const { sent } = await ask(
      async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let n = 0; n < 30; n += 1) {
          response.write(n % 2 === 0 ? 'event: ping\ndata: {"type": "ping"}\n\n' : ': alive\n\n')
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        response.end(whole)
      },
      { stallMs: 1_000 },
    )
    expect(sent.ok).toBe(true)
  })

  test.each(['application/json', 'text/html'])('that is %s instead is none, and is not waited for', async (type) => {
    const { sent } = await ask(stream('{"type": "message"}', { 'content-type': type }))
    expect(sent).toMatchObject({
      ok: false,
      failure: { kind: 'invalid_input', message: `The endpoint answered ${type} instead of a stream of events` },
    })
  })

  test('that says more than its tokens can hold is not read to its end', async () => {
    const { sent } = await ask(stream(`${start()}${text('x'.repeat(20_000))}${end()}${stop}`))
    expect(sent).toMatchObject({
      ok: false,
      failure: { kind: 'invalid_input', message: 'The answer has more than 16384 letters' },
    })
  })
})

describe('what an answer cost', () => {
  test.each([
    ['nothing', {}, {}],
    ['less than nothing', { input_tokens: -5, output_tokens: -1 }, { output_tokens: -10 }],
    ['parts of a token', { input_tokens: 1.5, output_tokens: 0.5 }, { output_tokens: 2.5 }],
    ['more than a number can say', { input_tokens: 1e300, output_tokens: 1e300 }, { output_tokens: 1e300 }],
    ['words', { input_tokens: 'many', output_tokens: null }, { output_tokens: [] }],
  ])('is estimated where the endpoint counts %s', async (_what, first, last) => {
    const { sent } = await ask(stream(`${start(first)}${text('{"decision": {}}')}${end(last)}${stop}`))
    if (!sent.ok) throw new Error(sent.failure.message)
    expect(sent.answer.tokens.input).toBeUndefined()
    expect(sent.answer.tokens.output).toBeGreaterThan(5)
    expect(Number.isSafeInteger(sent.answer.tokens.output)).toBe(true)
  })

  test('is what had come of it where it broke off', async () => {
    const { sent } = await ask(stream(`${start()}${text('word '.repeat(400))}`))
    if (sent.ok) throw new Error('it is whole')
    expect(sent.tokens).toMatchObject({ input: 7 })
    expect(sent.tokens?.output).toBeGreaterThan(400)
  })

  test('is nothing where it was refused', async () => {
    const { sent } = await ask((response) => response.writeHead(529).end('{}'))
    expect(sent).toEqual({ ok: false, failure: expect.objectContaining({ kind: 'unavailable' }) })
  })
})

describe('a refusal', () => {
  const refuse = (status: number, body: unknown, headers: object = {}) =>
    ask((response) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof body === 'string' ? body : JSON.stringify(body)),
    )

  test.each([
    ['-5', 0],
    ['0', 0],
    ['1e400', undefined],
    ['soon', undefined],
    ['999999999999', 999_999_999_999_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('whose retry-after is %s waits %s ms', async (given, ms) => {
    const { sent } = await refuse(429, {}, { 'retry-after': given })
    expect(sent).toMatchObject({ ok: false, failure: { kind: 'rate_limited' } })
    expect(!sent.ok && sent.failure.retry_after_ms).toBe(ms)
  })

  test('whose retry-after-ms is a fraction waits for whole ones', async () => {
    const { sent } = await refuse(529, {}, { 'retry-after-ms': '250.4' })
    expect(!sent.ok && sent.failure.retry_after_ms).toBe(250)
  })

  test.each([
    ['of pages of HTML', '<html>Bad gateway</html>'],
    ['of nothing', ''],
    ['of JSON that is no error', '[[[]]]'],
    ['that nests without end', `${'['.repeat(100_000)}`],
  ])('%s is the failure that its status says', async (_what, body) => {
    const { sent } = await refuse(502, body)
    expect(sent).toMatchObject({ ok: false, failure: { kind: 'unavailable' } })
  })

  test('never shows the key, wherever it says it', async () => {
    const { sent } = await refuse(401, { type: 'error', error: { type: `bad ${apiKey}`, message: `key ${apiKey}` } })
    expect(JSON.stringify(sent)).not.toContain(apiKey)
  })

  test('elsewhere is not followed there', async () => {
    const { sent, asked } = await ask((response) => response.writeHead(307, { location: '/v1/messages' }).end())
    expect([sent.ok, asked]).toEqual([false, 1])
  })
})

test('an answer that repeats the key does not bring it into the record', async () => {
  const { sent } = await ask(stream(`${start()}${text(apiKey.slice(0, 9))}${text(apiKey.slice(9))}${end()}${stop}`))
  expect(sent).toMatchObject({ ok: true, answer: { text: '[key]' } })
})
