import { describe, expect, test } from 'vitest'
import { goal, ok } from '../../test/support/rehearsal.ts'
import { evidenceFor } from '../model/evidence.ts'
import { run, world } from './fixtures/abc.ts'
import { answer } from './fixtures/answers.ts'
import { called, failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('an outcome that cannot be had', () => {
  test('keeps what is good and waits for a person when the goal says so', async () => {
    const { situation, requests } = await run({ script: { ...world, 'b.create_b': [failure('declined')] } })
    expect(situation.status).toBe('waiting')
    const [wait] = situation.waits.values()
    expect(wait?.facts).toEqual(['b.thing'])
    expect(wait?.choices.map(({ choice }) => choice)).toEqual(['retry', 'change', 'accept', 'undo'])
    expect(called(requests)).not.toContain('a.delete_a')
    expect(situation.tasks.get('c')?.status).toBe('succeeded')
  })

  test.each([
    ['retry', 'succeeded', ['b.create_b']],
    ['accept', 'succeeded', []],
    ['undo', 'failed', ['a.delete_a']],
  ] as const)('goes on as a person answered: %s', async (choice, status, after) => {
    const script = { ...world, 'b.create_b': [failure('declined'), ok({ id: 'b1', state: 'good' })] }
    const waiting = await run({ script })
    await answer(waiting, choice)
    const { situation, requests } = await run({ journal: waiting.journal, script: world })
    expect(situation.status).toBe(status)
    expect(called(requests)).toEqual(after)
  })

  test('tells people while it waits, and takes the notice for no evidence, no effect to undo, and no failure to retry', async () => {
    const notice = [{ ...task('told', 'c.send_c', { to: 'ops' }), notice: true }]
    const decide = planOnce(plan(task('a', 'a.create_a'), task('b', 'b.create_b')), { notice })
    const goals = goal(
      { 'a.thing': 'wait', 'b.thing': 'wait', 'c.thing': 'accept' },
      { on_trouble: { fact: 'c.thing', arguments: {} } },
    )
    const waiting = await run({
      goal: goals,
      decide,
      script: { ...world, 'b.create_b': [failure('declined')] },
    })
    expect(waiting.situation.status).toBe('waiting')
    expect(waiting.situation.tasks.get('told')).toMatchObject({ status: 'succeeded', notice: true })
    expect(evidenceFor(waiting.situation).map(({ fact }) => fact)).toEqual(['a.thing'])

    await answer(waiting, 'undo')
    const undone = await run({ goal: goals, journal: waiting.journal, decide })
    expect(undone.situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
    expect(called(undone.requests)).toEqual(['a.delete_a'])
  })

  test('accepts a run without an outcome that the goal can do without, and says so', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo', 'c.thing': 'accept' }),
      decide: planOnce(plan(task('a', 'a.create_a'), task('c', 'c.send_c'))),
      script: { ...world, 'c.send_c': [failure('declined')] },
    })
    expect(situation.finished).toMatchObject({ status: 'succeeded', error: { code: 'task_failed' } })
    expect(situation.finished?.outcomes.map(({ fact }) => fact)).toEqual(['a.thing'])
  })
})
