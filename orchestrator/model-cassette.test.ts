import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import type { ModelEndpoint, ModelRequest, Sent } from './decide/claude/endpoint.ts'
import { CassetteError, recordTo, replayFrom } from './model-cassette.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder('remit-cassette-')
})
afterAll(() => folder.remove())

const { signal } = new AbortController()
const question = (text: string, model = 'm'): ModelRequest => ({
  model,
  max_tokens: 1_024,
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text }] }],
})
const tokens = { output: 1, cache_read: 0, cache_write: 0 }
const answered = (text: string): Sent => ({ ok: true, answer: { model: 'm', stop_reason: 'end_turn', text, tokens } })
const failed: Sent = { ok: false, failure: { kind: 'rate_limited', message: 'no', retry_after_ms: 5 } }

/** Records these exchanges, and plays them back. */
async function taped(...exchanges: [ModelRequest, Sent][]): Promise<ModelEndpoint> {
  const file = join(folder.path, `${Math.random()}.jsonl`)
  let sent: Sent = failed
  const recording = recordTo(file, { send: async () => sent })
  for (const [request, answer] of exchanges) {
    sent = answer
    await recording.send(request, signal)
  }
  return replayFrom(file)
}

async function textOf(endpoint: ModelEndpoint, request: ModelRequest): Promise<string> {
  const sent = await endpoint.send(request, signal)
  return sent.ok ? sent.answer.text : sent.failure.message
}

describe('a cassette', () => {
  test('answers each question as it was answered, failures too, whatever the order', async () => {
    const tape = await taped([question('a'), answered('A')], [question('b'), failed], [question('b'), answered('B')])
    expect(await tape.send(question('b'), signal)).toEqual(failed)
    expect(await textOf(tape, question('b'))).toBe('B')
    expect(await textOf(tape, question('a'))).toBe('A')
  })

  test('answers a question that is put otherwise with the next answer that the same model gave', async () => {
    const tape = await taped([question('a', 'other'), answered('A')], [question('b'), answered('B')])
    expect(await textOf(tape, question('c'))).toBe('B')
  })

  test('has no more answers than were recorded', async () => {
    const tape = await taped([question('a'), answered('A')])
    await textOf(tape, question('a'))
    const sent = await tape.send(question('a'), signal)
    expect(sent).toMatchObject({
      ok: false,
      failure: { message: expect.stringContaining('all of them have been given') },
    })
    // Nothing that the endpoint lacks is looked for.
    expect(sent).not.toHaveProperty('lacks')
  })

  test.each([
    ['no JSON', 'hello'],
    ['no exchange', '{"model": "m"}'],
    [
      'an answer without its end',
      JSON.stringify({ model: 'm', prompt_digest: 'x', sent: { ok: true, answer: { text: 'x' } } }),
    ],
    [
      'a failure of no kind',
      JSON.stringify({ model: 'm', prompt_digest: 'x', sent: { ok: false, failure: { kind: 'odd', message: '' } } }),
    ],
  ])('that holds %s is refused by its line', async (_what, line) => {
    const file = join(folder.path, 'bad.jsonl')
    writeFileSync(file, `${JSON.stringify({ model: 'm', prompt_digest: 'x', sent: failed })}\n${line}\n`)
    expect(() => replayFrom(file)).toThrow(CassetteError)
    expect(() => replayFrom(file)).toThrow(`${file}:2 is no exchange with a model`)
  })

  test('that is not there says so', () => {
    expect(() => replayFrom(join(folder.path, 'none.jsonl'))).toThrow('cannot be read as a cassette')
  })
})
