import { describe, expect, test } from 'vitest'
import { draft } from '../../model/event.ts'
import { goalSchema } from '../../model/goal.ts'
import { fold } from '../../model/situation.ts'
import { answerJsonSchema } from './answer.ts'
import { assembleArguments } from './assemble-arguments.ts'
import { readAnswer } from './read-answer.ts'

const goal = goalSchema.parse({ goal: 'g', title: 'G', input: {}, outcomes: [{ fact: 'a.b' }] })
const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
const nothingDone = fold([
  {
    ...draft('run_created', { goal, input: {}, mode: 'emulated', reasoner: 'claude', digests }),
    ...{ run_id: '', seq: 1, v: 1, at: '2026-01-01T00:00:00.000Z', prev_hash: '', hash: '', tenant: '' },
  },
])
const read = (decision: object) => readAnswer(JSON.stringify({ decision }), nothingDone)
const task = { id: 'a', tool: 'x.y', arguments: [], after: [], why: '' }
const plan = (more: object) => read({ kind: 'plan', confidence: 0.5, why: '', tasks: [{ ...task, ...more }] })

describe('arguments', () => {
  test('are put together from where each value stands', () => {
    expect(
      assembleArguments([
        { at: '/to', ref: '/input/email' },
        { at: '/text', text: ['Hello ', { ref: '/input/name' }] },
        { at: '/items/1/name', value: 'second' },
        { at: '/items/0/name', value: 'first' },
        { at: '/by_year/2026', value: 3 },
        { at: '/tags', json: '[]' },
        { at: '/a~1b', value: null },
      ]),
    ).toEqual({
      ok: true,
      value: {
        to: { $ref: '/input/email' },
        text: { $text: ['Hello ', { $ref: '/input/name' }] },
        items: [{ name: 'first' }, { name: 'second' }],
        by_year: { '2026': 3 },
        tags: [],
        'a/b': null,
      },
    })
  })

  test.each([
    [
      'twice',
      [
        { at: '/a', value: 1 },
        { at: '/a', value: 2 },
      ],
      '/1',
      '/a is given twice',
    ],
    [
      'within a value',
      [
        { at: '/a', value: 1 },
        { at: '/a/b', value: 2 },
      ],
      '/1',
      'lies within a value that is given whole',
    ],
    [
      'as what has parts',
      [
        { at: '/a/b', value: 1 },
        { at: '/a', value: 2 },
      ],
      '/1',
      '/a is given twice',
    ],
    ['nowhere', [{ at: 'a', value: 1 }], '/0', 'write a JSON pointer'],
    ['as the whole', [{ at: '/', value: 1 }], '/0', 'write a JSON pointer'],
    ['as no JSON', [{ at: '/a', json: '{' }], '/0', 'is not JSON'],
    ['to a prototype', [{ at: '/__proto__/polluted', value: true }], '/0', 'names __proto__'],
    [
      'to a prototype in JSON',
      [{ at: '/a', json: '[{"__proto__": {}}]' }],
      '/0',
      'at /a/0 has a field named __proto__',
    ],
    ['without end', [{ at: '/a'.repeat(33), value: 1 }], '/0', 'nests deeper than 32'],
    ['without end in JSON', [{ at: '/a', json: `${'['.repeat(40)}${']'.repeat(40)}` }], '/0', 'nests deeper than 32'],
    ['with half a character', [{ at: '/a', json: '"\\ud800"' }], '/0', 'at /a holds half a character'],
  ])('that are given %s are refused by their place in the list', (_what, list, path, message) => {
    expect(assembleArguments(list)).toMatchObject({
      ok: false,
      issues: [{ path, message: expect.stringContaining(message) }],
    })
  })
})

describe('an answer', () => {
  test('becomes the decision that it says, with what a sub-goal may use', () => {
    const slice = { tools: ['billing.*'], tool_calls: 5, cost_usd: 0.5 }
    expect(plan({ slice, for_each: { ref: '/input/list', as: 'item', max: 3 } })).toMatchObject({
      ok: true,
      decision: {
        kind: 'plan',
        confidence: 0.5,
        tasks: [{ slice: { budget: { tool_calls: 5, cost_usd: 0.5 }, tools: ['billing.*'] }, for_each: { max: 3 } }],
      },
    })
  })

  test('may come without the object around it, or within words', () => {
    const finish = { kind: 'finish', outcomes: [], why: '' }
    for (const text of [JSON.stringify(finish), `Here:\n\`\`\`json\n${JSON.stringify({ decision: finish })}\n\`\`\``])
      expect(readAnswer(text, nothingDone)).toMatchObject({ ok: true, decision: finish })
  })

  test.each(['budget_exhausted', 'stuck', 'Not A Code', 'x'.repeat(100)])(
    'that gives up with the code %s does so in its own name',
    (code) => {
      expect(read({ kind: 'give_up', code, facts: [], why: '' })).toMatchObject({ decision: { code: 'no_way' } })
    },
  )

  test.each([
    ['a kind that is none', { kind: 'call', tool: 'x' }, '/kind'],
    ['a field that is none', { kind: 'find_tools', query: 'x', why: '', execute: true }, ''],
    ['a confidence beyond 1', { kind: 'plan', tasks: [task], confidence: 90, why: '' }, '/confidence'],
    ['no choice', { kind: 'ask', question: 'x', choices: [], why: '' }, '/choices'],
    [
      'a task id that is none',
      { kind: 'plan', tasks: [{ ...task, id: 'A b' }], confidence: 1, why: '' },
      '/tasks/0/id',
    ],
    [
      'a limit below nothing',
      { kind: 'plan', tasks: [{ ...task, slice: { tool_calls: -1 } }], confidence: 1, why: '' },
      '/tasks/0/slice/tool_calls',
    ],
    ['half a character', { kind: 'find_tools', query: '\ud800', why: '' }, '/query'],
    [
      'a question that nobody reads to its end',
      { kind: 'ask', question: 'x'.repeat(3_000), choices: ['a'], why: '' },
      '/question',
    ],
    [
      'an argument of no form',
      { kind: 'plan', tasks: [{ ...task, arguments: [{ at: '/a', is: 1 }] }], confidence: 1, why: '' },
      '/tasks/0/arguments/0',
    ],
  ])('with %s is refused there', (_what, decision, path) => {
    expect(read(decision)).toMatchObject({ ok: false, issues: [{ path }] })
  })

  test('that is nothing is refused, too', () => {
    for (const text of ['', '   ', '{', 'null', '[]', '{"decision": null}'])
      expect(readAnswer(text, nothingDone)).toMatchObject({ ok: false })
  })
})

test('the schema keeps to the subset that endpoints can hold a model to', () => {
  const text = JSON.stringify(answerJsonSchema)
  for (const keyword of [
    '$schema',
    'oneOf',
    'minimum',
    'maximum',
    'maxLength',
    'maxItems',
    'pattern',
    'minItems',
    '$ref":"#',
  ])
    expect(text).not.toContain(`"${keyword}"`)
  const objects: { additionalProperties?: unknown }[] = []
  JSON.parse(text, (_, node) => {
    if (node?.type === 'object') objects.push(node)
    return node
  })
  expect(objects.every(({ additionalProperties }) => additionalProperties === false)).toBe(true)
})
