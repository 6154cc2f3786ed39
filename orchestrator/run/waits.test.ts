import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { type RehearsedRuns, type RehearsedRunsOptions, rehearseRuns } from '../../test/support/rehearsed-runs.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Decision, Task } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { unmetFacts } from './unmet-facts.ts'
import { wakeAt } from './wake-at.ts'

const servers = catalogue({
  a: [
    tool('make', {
      establishes: ['a.thing'],
      compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
      lookup: { tool: 'find', arguments: { name: { $ref: '/arguments/name' } } },
      idempotency: 'none',
    }),
    tool('find', { effect: 'read' }),
    tool('unmake', { effect: 'delete' }),
    tool('mend', { establishes: ['a.mended'] }),
  ],
  b: [tool('make', { establishes: ['b.thing'] })],
})

const task = (id: string, toolId: string, args: JsonObject = {}, more: Partial<Task> = {}): Task => ({
  id,
  tool: toolId,
  arguments: args,
  after: [],
  why: '',
  ...more,
})

const planOnce =
  (...tasks: Task[]) =>
  (situation: Situation): Decision => {
    const unmet = unmetFacts(situation)
    if (unmet.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
    if (situation.revision === 0) return { kind: 'plan', tasks, why: '' }
    return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no other way' }
  }

const failed = (kind: 'declined' | 'unauthorized' | 'not_found', message: string = kind): CallOutcome => ({
  status: 'failed',
  failure: { kind, message },
})
const lost: CallOutcome = { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }

function world(options: Partial<RehearsedRunsOptions> & Pick<RehearsedRunsOptions, 'decide'>): RehearsedRuns {
  return rehearseRuns({ catalogue: servers, ...options })
}

describe('a question', () => {
  const declined = { 'a.make': [failed('declined'), ok({ id: 1 })] }

  test.each([
    ['accept', 'succeeded'],
    ['undo', 'failed'],
  ] as const)('that nobody answers in time counts as %s where the goal says so', async (otherwise, status) => {
    const runs = world({
      decide: planOnce(task('b', 'b.make'), task('a', 'a.make')),
      script: { 'a.make': [failed('declined')] },
    })
    const asked = goal({ 'a.thing': 'wait', 'b.thing': 'wait' }, { answer: { within_s: 60, otherwise } })
    const runId = await runs.create(asked)
    const situation = await runs.pursue(runId)
    const [wait] = situation?.waits.values() ?? []
    expect(wait).toMatchObject({ until: '2026-01-01T00:01:00.000Z', otherwise })
    expect(situation && wakeAt(situation, runs.now())).toBe('2026-01-01T00:01:00.000Z')

    runs.advanceTo('2026-01-01T00:01:00.000Z')
    const ended = await runs.pursue(runId)
    expect(ended?.status).toBe(status)
    expect(runs.events(runId).find(({ type }) => type === 'wait_ended')?.data).toMatchObject({
      choice: otherwise,
      by: 'deadline',
    })
  })

  test('can be answered by a change of the input, which what failed is tried again with', async () => {
    const runs = world({ decide: planOnce(task('a', 'a.make', { name: { $ref: '/input/name' } })), script: declined })
    const runId = await runs.create(goal({ 'a.thing': 'wait' }), { name: 'wrong' })
    await runs.pursue(runId)
    await expect(runs.answer(runId, { choice: 'change' })).rejects.toThrow('--input')
    await expect(runs.answer(runId, { choice: 'retry', input: {} })).rejects.toThrow('takes no input')
    await runs.answer(runId, { choice: 'change', input: { name: 'right' } })
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.requests.map(({ arguments: args }) => args.name)).toEqual(['wrong', 'right'])
    expect(new Set(runs.requests.map(({ idempotency_key }) => idempotency_key)).size).toBe(2)
  })

  test('of a reasoner comes back to it when nobody answers', async () => {
    const runs = world({
      decide: (situation) => {
        const ended = situation.decisions.length
        if (ended === 0) return { kind: 'ask', question: 'Which?', choices: ['this', 'that'], why: '' }
        return { kind: 'give_up', code: 'no_answer', facts: ['a.thing'], issues: [], why: 'nobody said' }
      },
    })
    const runId = await runs.create(goal({ 'a.thing': 'wait' }, { answer: { within_s: 5, otherwise: 'accept' } }))
    expect((await runs.pursue(runId))?.status).toBe('waiting')
    runs.advanceTo('2026-01-01T00:00:05.000Z')
    expect((await runs.pursue(runId))?.status).toBe('failed')
    expect(runs.events(runId).find(({ type }) => type === 'wait_ended')?.data).toMatchObject({ choice: 'no_answer' })
  })
})

describe('a delay', () => {
  const later = planOnce(task('a', 'a.make'), task('b', 'b.make', {}, { after: ['a'], delay_s: 86_400 }))

  test('begins when all that the task waits for is there, and ends by the clock', async () => {
    const runs = world({ decide: later })
    const runId = await runs.create(goal({ 'a.thing': 'wait', 'b.thing': 'wait' }))
    const situation = await runs.pursue(runId)
    expect(situation?.status).toBe('waiting')
    expect(situation?.tasks.get('b')?.status).toBe('held')
    expect(situation && wakeAt(situation, runs.now())).toBe('2026-01-02T00:00:00.000Z')
    expect(runs.requests).toHaveLength(1)

    runs.advanceTo('2026-01-02T00:00:00.000Z')
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.requests.map(({ server }) => server)).toEqual(['a', 'b'])
  })

  test('can be ended by a person', async () => {
    const runs = world({ decide: later })
    const runId = await runs.create(goal({ 'a.thing': 'wait', 'b.thing': 'wait' }))
    await runs.pursue(runId)
    await runs.answer(runId, { choice: 'start' })
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
  })
})

describe('somebody else', () => {
  test('is heard while a call is under way, and what settles meanwhile is not lost', async () => {
    const runs = world({
      decide: planOnce(task('a', 'a.make', { name: 'x' }), task('b', 'b.make', {}, { after: ['a'] })),
      script: { 'a.make': [ok({ id: 7 })] },
      beforeCall: async ({ tool: name }) => {
        if (name === 'make' && runs.requests.length === 0) await runs.cancel(runId)
      },
    })
    const runId = await runs.create(goal({ 'a.thing': 'wait', 'b.thing': 'wait' }))
    const situation = await runs.pursue(runId)
    expect(situation?.status).toBe('cancelled')
    expect(runs.requests.map(({ tool: name }) => name)).toEqual(['make', 'unmake'])
    expect(runs.requests[1]?.arguments).toEqual({ id: 7 })
  })

  test('who took the run over keeps it: a pursuit that was overtaken and has lost its lease stops', async () => {
    const runs = world({
      decide: planOnce(task('a', 'a.make', { name: 'x' })),
      beforeCall: async () => {
        runs.steal(runId)
        await runs.cancel(runId)
      },
    })
    const runId = await runs.create(goal({ 'a.thing': 'wait' }))
    const stop = new AbortController()
    const pursuit = runs.pursue(runId, { signal: stop.signal })
    await new Promise((resolve) => setTimeout(resolve, 50))
    stop.abort()
    await pursuit
    expect(runs.events(runId).map(({ type }) => type)).toEqual([
      'run_created',
      'decision_made',
      'plan_accepted',
      'call_intended',
      'cancel_requested',
    ])
  })
})

describe('a bad day', () => {
  test('a server that refused our credentials is left alone until a person says otherwise', async () => {
    const runs = world({
      decide: planOnce(
        task('a', 'a.make', { name: 'x' }),
        task('mend', 'a.mend', {}, { after: ['b'] }),
        task('b', 'b.make'),
      ),
      script: { 'a.make': [failed('unauthorized'), ok({ id: 1 })] },
    })
    const runId = await runs.create(goal({ 'a.thing': 'wait', 'b.thing': 'wait', 'a.mended': 'wait' }))
    const situation = await runs.pursue(runId)
    expect(situation?.status).toBe('waiting')
    expect(situation?.tasks.get('mend')).toMatchObject({ status: 'refused', failure: { kind: 'unauthorized' } })
    await runs.answer(runId, { choice: 'retry' })
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
  })

  test('a call whose reply was lost is looked up before it is undone', async () => {
    const runs = world({
      decide: planOnce(task('a', 'a.make', { name: 'x' }), task('b', 'b.make')),
      script: {
        'a.make': [lost],
        'b.make': [failed('declined')],
        'a.find': [lost, lost, lost, lost, lost, ok({ id: 9 })],
      },
    })
    const runId = await runs.create(goal({ 'a.thing': 'undo', 'b.thing': 'undo' }))
    const situation = await runs.pursue(runId)
    expect(situation?.compensation?.status).toBe('complete')
    expect(runs.requests.at(-1)).toMatchObject({ tool: 'unmake', arguments: { id: 9 } })
  })

  test('what a lookup proves absent is nothing to undo', async () => {
    const runs = world({
      decide: planOnce(task('a', 'a.make', { name: 'x' }), task('b', 'b.make')),
      script: {
        'a.make': [lost],
        'b.make': [failed('declined')],
        'a.find': [lost, lost, lost, lost, lost, failed('not_found')],
      },
    })
    const runId = await runs.create(goal({ 'a.thing': 'undo', 'b.thing': 'undo' }))
    const situation = await runs.pursue(runId)
    expect(situation?.compensation).toMatchObject({ status: 'complete', remaining: [] })
    expect(runs.requests.map(({ tool: name }) => name)).not.toContain('unmake')
  })

  test('a plan that repeats what failed is refused, with what it failed of', async () => {
    const runs = world({
      decide: (situation) =>
        situation.decisions.length > 2
          ? { kind: 'give_up', code: 'stop', facts: ['a.thing'], issues: [], why: 'enough' }
          : { kind: 'plan', tasks: [task(`a${situation.decisions.length}`, 'a.make', { name: 'x' })], why: '' },
      script: { 'a.make': [failed('declined', 'no card')] },
    })
    const runId = await runs.create(goal({ 'a.thing': 'wait' }))
    const situation = await runs.pursue(runId)
    expect(runs.requests).toHaveLength(1)
    expect(situation?.decisions[1]?.problems?.[0]).toEqual({
      path: '/tasks/0',
      message: 'a1 is a0 again, which failed: no card',
    })
  })
})
