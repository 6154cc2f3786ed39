import { describe, expect, test } from 'vitest'
import type { Decision, Task } from '../../orchestrator/model/decision.ts'
import { answerText } from '../support/model/answer-text.ts'
import type { Reply, Script } from '../support/model/messages-api.ts'
import { type Modelled, modelledRun } from '../support/model/modelled-run.ts'
import { customer, letter, office, officeGoal, officeInput, officeWorld, step } from '../support/model/office.ts'
import { modelOf } from '../support/model/onboarding-model.ts'
import { ok } from '../support/rehearsal.ts'

// What an answer holds beside, or instead of, what it may: nothing of it is done, and the reasoner goes on.

const good = modelOf([customer, letter])
const say = (decision: Decision): Reply => ({ text: answerText(decision) })
const plan = (...tasks: Task[]): Decision => ({ kind: 'plan', tasks, why: '' })

const input = { ...officeInput, pages: ['https://a.example'] }

/** Answers the first request like this, and then well. */
const first =
  (reply: Reply): Script =>
  (heard, nth) =>
    nth === 1 ? reply : good(heard)

const run = (script: Script, more: Partial<Parameters<typeof modelledRun>[1]> = {}) =>
  modelledRun(script, { catalogue: office, goal: officeGoal(), input, script: officeWorld, ...more })

/** The run went its way by the second answer alone. */
function expectWell({ situation, requests }: Modelled) {
  expect(situation.status).toBe('succeeded')
  expect(requests.map(({ tool, arguments: args }) => [tool, args])).toEqual([
    ['create_customer', { name: 'Acme' }],
    ['send_letter', { to: 'ada@acme.example', body: 'Welcome.' }],
  ])
}

const wrong = answerText(plan(step('other', 'billing.create_customer', { name: 'Somebody else' })))

describe('an answer that did not end by itself', () => {
  test.each(['tool_use', 'length', 'compaction', 'stop', 'a new reason'])('but for %s is not read', async (reason) => {
    const done = await run(first({ text: wrong, stop_reason: reason }))
    expectWell(done)
    expect(done.answers[0]).toMatchObject({ status: 'unusable', stop_reason: reason })
  })
})

describe('a call within an answer', () => {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  const call = { type: 'tool_use', id: 'toolu_1', name: 'billing__create_customer', input: { name: 'Eve' } }

  test.each(['tool_use', 'end_turn'])('is never made, ended by %s or not', async (stop_reason) => {
    const raw = [
      event('message_start', { message: { model: 'm', usage: { input_tokens: 1, output_tokens: 1 } } }),
      event('content_block_start', { index: 0, content_block: call }),
      event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: wrong } }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason }, usage: { output_tokens: 9 } }),
      event('message_stop', {}),
    ].join('')
    const done = await run(first({ raw }))
    expectWell(done)
    expect(done.answers[0]).toMatchObject({ status: 'unusable', response: '' })
  })
})

describe('a plan', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const planWith = (...args: object[]) =>
    JSON.stringify({
      decision: {
        kind: 'plan',
        tasks: [{ id: 'a', tool: 'billing.create_customer', arguments: args, after: [], why: '' }],
        confidence: 1,
        why: '',
      },
    })

  test.each([
    ['that nests without end', planWith({ at: '/name', json: nested(20_000) }), 'nests deeper than 32'],
    ['whose pointer never ends', planWith({ at: '/a'.repeat(20_000), value: 1 }), '/tasks/0/arguments/0'],
    ['whose pointer goes too deep', planWith({ at: '/a'.repeat(40), value: 1 }), 'nests deeper than 32'],
    ['that is nothing but depth', nested(1_000_000).slice(0, 60_000), 'not JSON'],
    ['with half a letter', planWith({ at: '/name', value: '\ud800' }), 'holds half a character'],
    ['with half a letter in a name', planWith({ at: '/name', json: '{"\\udc00": 1}' }), 'holds half a character'],
    [
      'that makes up a secret',
      planWith({ at: '/name', json: '{"$sealed": "v1.a.b.c"}' }),
      'may not hold sealed values',
    ],
    [
      'that makes up a prototype',
      planWith({ at: '/__proto__/name', value: 'Eve' }),
      'names __proto__, which no tool takes',
    ],
    [
      'that refers to another run',
      planWith({ at: '/name', ref: '/runs/1/tasks/a/output/x' }),
      'must start with /input/',
    ],
    ['that refers to the environment', planWith({ at: '/name', ref: '/env/HOME' }), 'must start with /input/'],
    ['that refers to a prototype', planWith({ at: '/name', ref: '/input/__proto__' }), 'the input has no such value'],
    ['that hides a reference', planWith({ at: '/name', json: '{"$ref": "/tasks/b/output"}' }), 'there is no task b'],
    ['of more tasks than anybody reads', answerText(plan(...Array(501).fill(customer))), '/tasks: Too big'],
    ['of a tool whose name never ends', answerText(plan(step('a', 'x'.repeat(40_000), {}))), '/tasks/0/tool: Too big'],
    [
      'that refers to no pointer, for each item of a list',
      answerText(
        plan({
          ...step('each', 'web.read_page', { url: { $ref: 'address' } }),
          for_each: { ref: '/input/pages', as: 'item', max: 3 },
        }),
      ),
      'is not a JSON pointer',
    ],
    ['with a number that is none', planWith({ at: '/seats', json: '1e999' }), '/tasks/0/arguments'],
    [
      'with such a number as it is',
      planWith({ at: '/seats', value: 0 }).replace('"value":0', '"value":-1e999'),
      '/tasks/0/arguments/0',
    ],
    [
      'that starts when nobody lives any more',
      answerText(plan({ ...customer, delay_s: Number.MAX_SAFE_INTEGER }, letter)),
      '/tasks/0/delay_s',
    ],
  ])('%s is refused where it is wrong', async (_what, text, fault) => {
    const done = await run(first({ text }))
    expectWell(done)
    const problems = done.journal.events.flatMap(({ type, data }) =>
      type === 'decision_refused'
        ? data.problems
        : type === 'model_answered'
          ? (Object(data.outcome).problems ?? [])
          : [],
    )
    expect(
      problems.map(({ path, message }: { path: string; message: string }) => `${path}: ${message}`).join('\n'),
    ).toContain(fault)
  })

  test('with one id for two tasks is refused', async () => {
    const done = await run(first(say(plan(customer, { ...letter, id: 'customer', after: [] }))))
    expectWell(done)
    expect(done.situation.decisions[0]?.problems).toContainEqual({
      path: '/tasks/1/id',
      message: 'customer is the id of another task of this plan',
    })
  })

  test('that would send a secret by its handle is refused', async () => {
    const script = {
      ...officeWorld,
      'billing.create_customer': [ok({ customer_id: 'cus_1', note: { $sealed: 'v1.a.b.c' } })],
    }
    const done = await run(
      (heard, nth) => {
        if (nth === 1) return say(plan(customer))
        if (nth > 2) return modelOf([])(heard)
        return say(
          plan(
            step('tell', 'mail.send_letter', {
              to: { $ref: '/input/address' },
              body: { $ref: '/tasks/customer/output/note' },
            }),
          ),
        )
      },
      { script },
    )
    expect(done.requests.map(({ tool }) => tool)).toEqual(['create_customer'])
    expect(done.situation.decisions[1]?.problems).toMatchObject([
      { path: '/tasks/0/arguments/body', message: expect.stringContaining('sensitive') },
    ])
  })
})

describe('evidence', () => {
  test('from another run is none', async () => {
    const elsewhere = '22222222-2222-7222-8222-222222222222'
    const finish: Decision = { kind: 'finish', outcomes: [{ fact: 'mail.letter', established_by: elsewhere }], why: '' }
    const done = await run(first(say(finish)))
    expectWell(done)
    expect(done.situation.decisions[0]?.problems).toContainEqual({
      path: '/outcomes/0/established_by',
      message: `there is no call ${elsewhere} in this run`,
    })
  })
})
