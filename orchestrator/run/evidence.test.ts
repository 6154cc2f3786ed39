import { describe, expect, test } from 'vitest'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { evidenceFor } from '../model/evidence.ts'
import { answered } from './fixtures/answers.ts'
import { run } from './fixtures/makers.ts'
import { failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('evidence and results', () => {
  test('a read is no evidence for an outcome that has to be made', async () => {
    const reading = catalogue({ a: [tool('find', { effect: 'read', establishes: ['a.thing'] })] })
    const { situation } = await run({
      catalogue: reading,
      goal: goal({ 'a.thing': 'wait' }),
      decide: planOnce(plan(task('a', 'a.find'))),
    })
    expect(situation.status).toBe('waiting')
    expect(evidenceFor(situation)).toEqual([])
    const existing = goal(
      { 'a.thing': 'wait' },
      { outcomes: [{ fact: 'a.thing', on_failure: 'wait', existing: true }] },
    )
    const taken = await run({ catalogue: reading, goal: existing, decide: planOnce(plan(task('a', 'a.find'))) })
    expect(taken.situation.status).toBe('succeeded')
  })

  test('the result is what the run made, not what it told people', async () => {
    const talking = catalogue({
      a: [tool('make', { establishes: ['a.thing'] })],
      chat: [
        tool('post', {
          establishes: ['chat.message'],
          marks: {
            input: { facts: {}, sensitive: [], destinations: [] },
            output: { facts: { '/id': 'chat.id' }, sensitive: [], destinations: [] },
          },
        }),
      ],
    })
    const goals = goal(
      { 'a.thing': 'wait', 'chat.message': 'wait' },
      { on_trouble: { fact: 'chat.message', arguments: {} } },
    )
    const notice = [{ ...task('told', 'chat.post'), notice: true }]
    const waiting = await run({
      catalogue: talking,
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'), task('post', 'chat.post')), { notice }),
      script: { 'a.make': [failure('declined')], 'chat.post': [ok({ id: 'real' }), ok({ id: 'notice' })] },
    })
    const { situation } = await run({
      catalogue: talking,
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting, 'retry'),
    })
    expect(situation.finished).toMatchObject({ status: 'succeeded', result: { 'chat.id': 'real' } })
  })
})
