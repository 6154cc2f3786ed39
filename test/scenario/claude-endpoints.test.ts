import { describe, expect, test } from 'vitest'
import { answerText } from '../support/model/answer-text.ts'
import type { Heard, Reply, Script } from '../support/model/messages-api.ts'
import { type ModelSettings, modelledRun, models } from '../support/model/modelled-run.ts'
import { customer, letter, office, officeGoal, officeInput, officeWorld } from '../support/model/office.ts'
import { modelOf } from '../support/model/onboarding-model.ts'

const good = modelOf([customer, letter])
const run = (script: Script, settings: ModelSettings = {}, more: object = {}) =>
  modelledRun(
    script,
    { catalogue: office, goal: officeGoal(), input: officeInput, script: officeWorld, ...more },
    settings,
  )

/** Answers the first requests like this, and then well. */
const first =
  (...replies: Reply[]): Script =>
  (heard, nth) =>
    replies[nth - 1] ?? good(heard)

const modelsOf = (heard: readonly Heard[]) => heard.map(({ body }) => body.model)

describe('an endpoint that has too much to do', () => {
  test.each([
    ['429 with seconds', { status: 429, headers: { 'retry-after': '7' } }, 7_000],
    ['429 with milliseconds', { status: 429, headers: { 'retry-after-ms': '250' } }, 250],
    ['529', { status: 529, type: 'overloaded_error' }, 1_000],
    ['500', { status: 500 }, 1_000],
    ['529 within the stream', { text: 'half of it', breaks: 'error' } as const, 1_000],
  ])('%s is asked again after what it says, by nobody but the reasoner', async (_what, reply, wait) => {
    const done = await run(first(reply))
    expect(done.situation.status).toBe('succeeded')
    expect(done.waits).toEqual([wait])
    expect(done.api.heard).toHaveLength(3)
    expect(done.answers.map(({ status }) => status)).toEqual(['failed', 'answered', 'answered'])
  })

  test('for longer than anybody waits gives way to the next model', async () => {
    const done = await run(first({ status: 429, headers: { 'retry-after': '3600' } }))
    expect(done.waits).toEqual([])
    expect(modelsOf(done.api.heard)).toEqual([models[0], models[1], models[0]])
  })

  test('again and again gives way to the next model, and then to the planner', async () => {
    const done = await run(() => ({ status: 529 }))
    expect(done.situation.status).toBe('succeeded')
    expect(done.situation.decisions.map(({ reasoner }) => reasoner)).toEqual(['planner', 'planner'])
    expect(done.waits.slice(0, 3)).toEqual([1_000, 2_000, 4_000])
    expect(modelsOf(done.api.heard).slice(0, 8)).toEqual([...Array(4).fill(models[0]), ...Array(4).fill(models[1])])
  })
})

describe('an answer that is not whole', () => {
  test.each([
    ['cut', 'The answer broke off before its end'],
    ['silence', 'Nothing came for 0.2 s'],
    ['nonsense', 'What the endpoint sent is no answer of the Messages API'],
  ] as const)('by %s is not used, however much of it came', async (breaks, message) => {
    const text = answerText({ kind: 'plan', tasks: [customer], why: '' }).padEnd(4_000)
    const done = await run(first({ text, breaks }), { stallMs: breaks === 'silence' ? 200 : 60_000 })
    expect(done.answers[0]).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    if (breaks !== 'cut') expect(done.answers[0]).toMatchObject({ failure: { message } })
    expect(done.situation.decisions).toHaveLength(2)
    expect(done.situation.status).toBe('succeeded')
    // What had been counted before it broke off was paid for.
    expect(done.situation.usage.model_calls).toBe(3)
  })

  test('that takes too long as a whole is given up', async () => {
    const done = await run(first({ text: 'x', breaks: 'silence' }), { answerMs: 200 })
    expect(done.answers[0]).toMatchObject({ failure: { message: 'No whole answer came within 0.2 s' } })
    expect(done.api.abandoned).toBe(1)
  })

  test.each(['max_tokens', 'model_context_window_exceeded', 'pause_turn'])(
    'for %s is not read, and asked for again with more room',
    async (stop_reason) => {
      const text = answerText({ kind: 'plan', tasks: [customer], why: '' })
      const done = await run(first({ text, stop_reason }))
      expect(done.answers[0]).toMatchObject({ status: 'unusable', stop_reason, response: text })
      expect(done.situation.decisions).toHaveLength(2)
      expect(done.api.heard.map(({ body }) => body.max_tokens)).toEqual([4_096, 8_192, 4_096])
      expect(modelsOf(done.api.heard)).toEqual([models[0], models[0], models[0]])
    },
  )

  test('because the model refuses is left to the next model', async () => {
    const done = await run(first({ text: '', stop_reason: 'refusal' }))
    expect(done.answers[0]).toMatchObject({ problems: [{ message: 'the model refused to answer' }] })
    expect(modelsOf(done.api.heard)).toEqual([models[0], models[1], models[0]])
  })

  test.each([
    ['words', 'I think that we should first create the customer.', 'the answer is not JSON'],
    ['another kind', '{"decision": {"kind": "call_tool", "tool": "x"}}', '/kind'],
    [
      'a task without arguments',
      '{"decision": {"kind": "plan", "tasks": [{"id": "a", "tool": "b"}], "why": ""}}',
      '/tasks/0/arguments',
    ],
    [
      'a task with a bad id',
      JSON.stringify({
        decision: {
          kind: 'plan',
          confidence: 1,
          why: '',
          tasks: [{ id: 'A 1', tool: 'b', arguments: [], after: [], why: '' }],
        },
      }),
      '/tasks/0/id',
    ],
  ])('but %s goes back once with what was wrong', async (_what, text, fault) => {
    const done = await run(first({ text }))
    const [answer] = done.answers
    expect(answer).toMatchObject({ status: 'unusable' })
    const again = JSON.stringify(done.api.heard[1]?.body.messages)
    expect(again).toContain('Your last answer could not be used')
    expect(again).toContain(fault)
    expect(done.situation.status).toBe('succeeded')
  })
})

describe('an endpoint that lacks', () => {
  const lacking =
    (what: (body: Heard['body']) => boolean, message: string): Script =>
    (heard) =>
      what(heard.body) ? { status: 400, type: 'invalid_request_error', message } : good(heard)

  test.each([
    [
      'structured output',
      ({ output_config }: Heard['body']) => output_config !== undefined,
      'output_config: Extra inputs are not permitted',
    ],
    [
      'thinking',
      ({ thinking }: Heard['body']) => thinking !== undefined,
      'adaptive thinking is not supported on this model',
    ],
    [
      'caching',
      ({ system }: Heard['body']) => system.some((block) => block.cache_control),
      'system.0.cache_control: unknown field',
    ],
  ])('%s is asked without it, now and from then on', async (_what, has, message) => {
    const done = await run(lacking(has, message))
    expect(done.situation.status).toBe('succeeded')
    expect(done.api.heard.map(({ body }) => has(body))).toEqual([true, false, false])
  })

  test('everything, and does not say what, is asked without one after the other', async () => {
    const isPlain = ({ output_config, thinking, system }: Heard['body']) =>
      output_config === undefined && thinking === undefined && system.every((block) => !block.cache_control)
    const done = await run(lacking((body) => !isPlain(body), 'bad request'))
    expect(done.situation.status).toBe('succeeded')
    expect(done.api.heard).toHaveLength(5)
    expect(done.waits).toEqual([])
  })

  test('structured output may put its answer into words and fences', async () => {
    const script: Script = (heard) => {
      if (heard.body.output_config) return { status: 400, message: 'unknown field output_config' }
      const reply = good(heard)
      return 'text' in reply ? { text: `Here it is:\n\`\`\`json\n${reply.text}\n\`\`\`` } : reply
    }
    expect((await run(script)).situation.status).toBe('succeeded')
  })

  test('credit keeps its features, and is not asked again', async () => {
    const done = await run(() => ({ status: 400, message: 'Your credit balance is too low' }))
    expect(done.api.heard.every(({ body }) => body.output_config && body.thinking)).toBe(true)
    expect(done.situation.decisions[0]?.reasoner).toBe('planner')
    expect(done.situation.decisions[0]?.decision.why).toContain('Your credit balance is too low')
  })

  test('our key says so without it', async () => {
    const done = await run(() => ({ status: 401, message: 'invalid key sk-scripted' }))
    expect(JSON.stringify(done.journal.events)).not.toContain('sk-scripted')
    expect(done.answers[0]).toMatchObject({
      failure: { kind: 'unauthorized', message: expect.stringContaining('[key]') },
    })
  })
})

describe('a question that is interrupted', () => {
  test('by a cancel reaches the endpoint, is settled, and decides nothing', async () => {
    const cancel = new AbortController()
    const script: Script = () => {
      setTimeout(() => cancel.abort({ by: 'ada' }), 20)
      return { text: 'thinking', breaks: 'silence' }
    }
    const done = await run(script, {}, { pursuit: { cancel: cancel.signal } })
    expect(done.situation.status).toBe('cancelled')
    expect(done.api.abandoned).toBe(1)
    expect(done.situation.decisions).toEqual([])
    expect(done.answers).toMatchObject([{ status: 'failed', failure: { message: 'The question was interrupted' } }])
    expect(done.situation.reserved).toMatchObject({ model_calls: 0, tokens: 0 })
  })

  test('by a stop is settled, and asked again by whoever takes the run up', async () => {
    const stop = new AbortController()
    const stopped = await run(
      () => {
        setTimeout(() => stop.abort(), 20)
        return { text: 'thinking', breaks: 'silence' }
      },
      {},
      { stop: stop.signal },
    )
    expect(stopped.situation.finished).toBeUndefined()
    const done = await run(good, {}, { journal: stopped.journal })
    expect(done.situation.status).toBe('succeeded')
  })
})
