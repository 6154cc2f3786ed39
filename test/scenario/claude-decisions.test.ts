import { describe, expect, test } from 'vitest'
import type { Decision, Task } from '../../orchestrator/model/decision.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import { answer } from '../../orchestrator/run/answer.ts'
import { answerText } from '../support/model/answer-text.ts'
import type { Reply, Script } from '../support/model/messages-api.ts'
import { modelledRun } from '../support/model/modelled-run.ts'
import { customer, letter, office, officeGoal, officeInput, officeWorld, step } from '../support/model/office.ts'
import { modelOf, readPrompt } from '../support/model/onboarding-model.ts'
import { catalogue, goal, type MemoryJournal, ok, tool } from '../support/rehearsal.ts'

const say = (decision: Decision): Reply => ({ text: answerText(decision) })
const plan = (tasks: Task[], confidence = 0.9): Decision => ({ kind: 'plan', tasks, confidence, why: 'so it is' })
const run = (script: Script, more: Partial<Parameters<typeof modelledRun>[1]> = {}) =>
  modelledRun(script, { catalogue: office, goal: officeGoal(), input: officeInput, script: officeWorld, ...more })

/** Answers as a person does: at a desk beside the pursuit. */
async function answered(journal: MemoryJournal, { run_id }: Situation, choice: string): Promise<void> {
  const clock = { now: () => new Date('2026-01-01T00:00:01.000Z'), sleepUntil: async () => {} }
  await answer(run_id, { choice, by: 'ada', why: 'because' }, { journal, clock })
}

describe('a plan', () => {
  test('runs whole, its data by reference: the model sees no value twice', async () => {
    const done = await run(modelOf([customer, letter]))
    expect(done.requests.map(({ tool: name, arguments: args }) => [name, args])).toEqual([
      ['create_customer', { name: 'Acme' }],
      ['send_letter', { to: 'ada@acme.example', body: 'Welcome.' }],
    ])
    expect(done.api.heard).toHaveLength(2)
    const { usage, reserved } = done.situation
    expect(usage.model_calls).toBe(2)
    expect(usage.cost_usd).toBeGreaterThan(0)
    expect(reserved).toEqual({ tool_calls: 0, compensation_calls: 0, model_calls: 0, tokens: 0, cost_usd: 0 })
  })

  test('is recorded with its question before that is asked, and with what it cost after', async () => {
    const { journal } = await run(modelOf([customer, letter]))
    const types = journal.events.map(({ type }) => type)
    expect(types.slice(0, 5)).toEqual([
      'run_created',
      'model_asked',
      'model_answered',
      'decision_made',
      'plan_accepted',
    ])
    expect(journal.appends[1]?.map(({ type }) => type)).toEqual(['model_asked'])
    const [asked, settled, made] = journal.events.slice(1)
    if (asked?.type !== 'model_asked' || settled?.type !== 'model_answered' || made?.type !== 'decision_made')
      throw new Error('the events are others')
    expect(asked.data.prompt_digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(asked.data.reservation.tokens).toBeGreaterThan(settled.data.usage.input_tokens)
    expect(asked.data.reservation.cost_usd).toBeGreaterThan(settled.data.usage.cost_usd)
    expect(made.data).toMatchObject({ usage: settled.data.usage, model_calls: [asked.data.model_call_id] })
  })

  test('takes no less than no time, whatever the clock does meanwhile', async () => {
    let now = Date.parse('2026-01-01T00:00:00.000Z')
    const settings = {
      now: () => {
        now -= 3_600_000
        return new Date(now)
      },
    }
    const { journal } = await modelledRun(
      modelOf([customer, letter]),
      { catalogue: office, goal: officeGoal(), input: officeInput, script: officeWorld },
      settings,
    )
    const times = journal.events.flatMap(({ type, data }) => (type === 'model_answered' ? [data.duration_ms] : []))
    expect(times).toEqual([0, 0])
  })

  test('makes a task for each item of a list', async () => {
    const pages = ['https://a.example', 'https://b.example', 'https://c.example']
    const each: Task = {
      ...step('pages', 'web.read_page', { url: { $ref: '/page/url' } }),
      for_each: { ref: '/input/pages', as: 'page', max: 5 },
    }
    const pagesGoal = officeGoal({ input: { type: 'object' } }, { 'billing.customer': 'wait' })
    const input = { name: 'Acme', pages: pages.map((url) => ({ url })) }
    const done = await run(modelOf([each, customer]), { goal: pagesGoal, input })
    expect(done.requests.map(({ arguments: args }) => args.url ?? args.name).sort()).toEqual(['Acme', ...pages].sort())
    expect(done.situation.status).toBe('succeeded')
  })

  test('that its reasoner is not sure of waits for a person, and is taken as it is once they agree', async () => {
    const unsure: Script = (heard) =>
      readPrompt(heard).isNew ? say(plan([customer, letter], 0.4)) : modelOf([customer, letter])(heard)
    const careful = officeGoal({ confidence: 0.8 })
    const waiting = await run(unsure, { goal: careful })
    expect(waiting.requests).toEqual([])
    expect(waiting.situation.status).toBe('waiting')
    const [wait] = waiting.situation.waits.values()
    expect(wait?.question).toContain('only 40 % sure of this plan: customer (billing.create_customer), letter')
    await answered(waiting.journal, waiting.situation, 'proceed')
    const done = await run(unsure, { goal: careful, journal: waiting.journal })
    expect(done.situation.status).toBe('succeeded')
    // One model call more, for the end: the plan was not asked for again.
    expect(done.api.heard).toHaveLength(1)
  })

  test.each([
    ['again', 'succeeded'],
    ['undo', 'failed'],
  ])('that a person does not agree to is made %s', async (choice, status) => {
    const careful = officeGoal({ confidence: 0.8 })
    const waiting = await run(() => say(plan([customer, letter], 0.4)), { goal: careful })
    await answered(waiting.journal, waiting.situation, choice)
    const done = await run(modelOf([customer, letter]), { goal: careful, journal: waiting.journal })
    expect(done.situation.status).toBe(status)
    expect(done.requests.length).toBe(status === 'succeeded' ? 2 : 0)
  })
})

describe('failures that have nothing to do with each other', () => {
  test('are reasoned about together, in one question', async () => {
    const declined = (message: string) => [
      { status: 'failed' as const, failure: { kind: 'declined' as const, message } },
    ]
    const pages = step('page', 'web.read_page', { url: { $ref: '/input/url' } })
    const alone = { ...letter, after: [] }
    const script: Script = (heard) =>
      readPrompt(heard).isNew
        ? say(plan([customer, alone, pages]))
        : say({
            kind: 'give_up',
            code: 'declined',
            facts: ['billing.customer', 'mail.letter'],
            issues: [],
            why: 'both',
          })
    const done = await run(script, {
      script: {
        'billing.create_customer': declined('no credit'),
        'mail.send_letter': declined('no such address'),
        'web.read_page': [ok({ page: 'Fine.' })],
      },
    })
    expect(done.requests).toHaveLength(3)
    expect(done.api.heard).toHaveLength(2)
    const { text } = readPrompt(done.api.heard[1] ?? Object())
    for (const told of ['no credit', 'no such address', 'Fine.']) expect(text).toContain(told)
  })
})

describe('a question', () => {
  test('to a person waits for them, and the model is told what they said', async () => {
    const ask: Decision = { kind: 'ask', question: 'Which address?', choices: ['home', 'work'], why: 'unclear' }
    const waiting = await run(() => say(ask))
    expect(waiting.situation.status).toBe('waiting')
    await answered(waiting.journal, waiting.situation, 'work')
    const done = await run(modelOf([customer, letter]), { journal: waiting.journal })
    expect(readPrompt(done.api.heard[0] ?? Object()).text).toContain(
      '- <data origin="question">"Which address?"</data> → "work" ("because")',
    )
    expect(done.situation.status).toBe('succeeded')
  })
})

describe('tools', () => {
  const many = catalogue({
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, server) => [
        `server${server}`,
        Array.from({ length: 10 }, (__, n) => tool(`handle_item_${n}`, { description: `Handle item ${n}` })),
      ]),
    ),
    pigeons: [tool('send_pigeon', { description: 'Let a carrier pigeon fly.', establishes: ['pigeons.flight'] })],
  })

  test('of 200 enter by search, never all at once', async () => {
    const open = { ...goal({ 'x.y': 'wait' }), outcomes: [], title: 'Handle it', description: 'By air.' }
    const script: Script = (heard) => {
      const { text } = readPrompt(heard)
      if (text.includes('established') || text.includes('succeeded'))
        return say({ kind: 'finish', outcomes: [{ fact: 'pigeons.flight', established_by: 'fly' }], why: '' })
      if (text.includes('## pigeons.send_pigeon')) return say(plan([step('fly', 'pigeons.send_pigeon', {})]))
      return say({ kind: 'find_tools', query: 'carrier pigeon', why: 'by air' })
    }
    const done = await modelledRun(script, { catalogue: many, goal: open, script: { 'pigeons.send_pigeon': [ok()] } })
    expect(done.situation.status).toBe('succeeded')
    expect(done.api.heard).toHaveLength(3)
    const cards = done.api.heard.map(({ body }) => JSON.stringify(body).match(/## \w+\.\w+ \(/g)?.length ?? 0)
    expect(Math.max(...cards)).toBeLessThanOrEqual(28)
    expect(done.api.heard[0]?.body.system[1]?.text).toContain('There are 196 more tools: find_tools searches them.')
  })
})

describe('a long run', () => {
  test('of 300 calls keeps every prompt under 30,000 tokens, and can still refer to all of it', async () => {
    const rounds = 6
    const note = 'Words that a tool returned. '.repeat(5)
    const script: Script = (_, nth) => {
      if (nth > rounds) {
        const outcomes = [{ fact: 'billing.customer', established_by: 'c_1_0' }]
        return say({ kind: 'finish', outcomes, why: '' })
      }
      return say(plan(Array.from({ length: 50 }, (__, n) => ({ ...customer, id: `c_${nth}_${n}` }))))
    }
    const budget = { ...officeGoal().budget, tool_calls: 400, revisions: 10 }
    const done = await run(script, {
      goal: officeGoal(
        { budget, description: 'Many customers.' },
        { 'mail.letter': 'wait', 'billing.customer': 'wait' },
      ),
      script: { ...officeWorld, 'billing.create_customer': [ok({ customer_id: 'cus_1', note })] },
    })
    expect(done.requests.filter(({ tool: name }) => name === 'create_customer')).toHaveLength(300)
    const sizes = done.api.heard.map(({ tokens }) => tokens.input + tokens.cache_read + tokens.cache_write)
    expect(Math.max(...sizes)).toBeLessThan(30_000)
    const last = readPrompt(done.api.heard[rounds] ?? Object()).text
    expect(last).toContain('- billing.create_customer: succeeded, 2')
    // What is only counted can be referred to, all of it.
    for (const id of ['c_1_0, c_1_1', 'c_4_49', 'c_5_0']) expect(last).toContain(id)
    expect(last).toContain('/tasks/c_6_49/output')
  })
})
