import type Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import { StreamedAnswer } from './streamed-answer.ts'

type Event = Anthropic.RawMessageStreamEvent

const event = (type: string, data: object) => ({ type, ...data }) as unknown as Event
const text = (part: string) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: part } })
const start = event('message_start', {
  message: { model: 'm-1', usage: { input_tokens: 7, output_tokens: 1, cache_read_input_tokens: 5 } },
})
const delta = event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 42 } })
const stop = event('message_stop', {})

function take(...events: Event[]): StreamedAnswer {
  const answer = new StreamedAnswer({ model: 'asked-for', max_tokens: 1_024 })
  for (const one of events) answer.take(one)
  return answer
}

test('an answer is its texts together, without its thoughts, and the last figures of each kind', () => {
  const thought = event('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } })
  expect(take(start, thought, text('a'), text('b'), delta, stop).whole()).toEqual({
    model: 'm-1',
    stop_reason: 'end_turn',
    text: 'ab',
    tokens: { input: 7, output: 42, cache_read: 5, cache_write: 0 },
  })
})

test.each([
  ['its end', [start, text('a'), delta]],
  ['a reason to stop', [start, text('a'), stop]],
  ['anything', []],
])('without %s there is no answer', (_what, events) => {
  expect(() => take(...events).whole()).toThrow('The answer broke off before its end')
})

test('names that are none change nothing, and endless ones are cut', () => {
  const nameless = event('message_start', { message: { model: { no: 'name' }, usage: {} } })
  const reason = event('message_delta', { delta: { stop_reason: 'x'.repeat(5_000) }, usage: {} })
  const { model, stop_reason } = take(nameless, text('a'), reason, stop).whole()
  expect([model, stop_reason]).toEqual(['asked-for', 'x'.repeat(100)])
  const odd = event('message_delta', { delta: { stop_reason: 7 }, usage: {} })
  expect(() => take(start, text('a'), odd, stop).whole()).toThrow('broke off')
})

test('figures that are no numbers of tokens change nothing', () => {
  const wild = event('message_delta', { delta: {}, usage: { output_tokens: 'many', input_tokens: -5 } })
  expect(take(start, wild).tokens).toEqual({ input: 7, output: 1, cache_read: 5, cache_write: 0 })
})
