import { describe, expect, test } from 'vitest'
import { goal, ok, runId } from '../../test/support/rehearsal.ts'
import { documentOf } from './document.ts'
import { run } from './fixtures/makers.ts'
import { failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('the undo', () => {
  test('is not over while its last call is in flight, though the reserve is used up', async () => {
    const { situation } = await run({
      goal: goal({ 'b.thing': 'undo' }, { budget: { ...goal({ 'b.thing': 'undo' }).budget, compensation_calls: 2 } }),
      decide: planOnce(plan(task('a', 'a.make'), task('a2', 'a.make', {}, ['a']), task('b', 'b.make', {}, ['a2']))),
      script: {
        'a.make': [ok({ id: '1' }), ok({ id: '2' })],
        'a.unmake': [failure('declined'), ok()],
        'b.make': [failure('declined')],
      },
    })
    expect([...situation.calls.values()].every(({ outcome }) => outcome !== undefined)).toBe(true)
    expect(situation.compensation?.remaining?.map(({ call_id }) => situation.calls.get(call_id)?.task_id)).toEqual([
      'a2',
    ])
  })

  test('goes on when a person cancels in the middle of it', async () => {
    const { situation } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [ok({ id: '1' })], 'b.make': [failure('declined')] },
      beforeCall: ({ tool }, cancel) => tool === 'unmake' && cancel({ by: 'local:me' }),
    })
    expect(situation.compensation?.status).toBe('complete')
    expect(situation.finished).toBeDefined()
  })

  test('closes the question that the run waited on', async () => {
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [failure('declined')] },
    })
    expect(documentOf(waiting.situation).waiting).toBeDefined()
    await waiting.journal.append(runId, [{ type: 'cancel_requested', data: { by: 'local:me' } }])
    const { situation } = await run({ goal: goals, decide: planOnce(plan()), journal: waiting.journal })
    expect(situation.status).toBe('cancelled')
    expect(documentOf(situation).waiting).toBeUndefined()
  })
})
