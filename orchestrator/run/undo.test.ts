import { describe, expect, test } from 'vitest'
import { goal, ok } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import { run, world } from './fixtures/abc.ts'
import { called, failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('the undo', () => {
  test('undoes in reverse order of settlement when an outcome that must hold cannot be had', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'a.thing': 'undo', 'b.thing': 'undo', 'c.thing': 'undo' }),
      decide: planOnce(
        plan(task('a', 'a.create_a'), task('b', 'b.create_b', {}, ['a']), task('c', 'c.send_c', {}, ['b'])),
      ),
      script: { ...world, 'c.send_c': [failure('declined')] },
    })
    expect(called(requests).slice(3)).toEqual(['b.delete_b', 'a.delete_a'])
    expect(requests.slice(3).map((request) => request.arguments)).toEqual([{ id: 'b1' }, { id: 'a1' }])
    expect(situation.status).toBe('failed')
    expect(situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
    expect(situation.finished?.error).toMatchObject({ code: 'task_failed' })
  })

  test('reports what an undo could not take back', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo', 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.create_a'), task('b', 'b.create_b', {}, ['a']))),
      script: { ...world, 'b.create_b': [failure('declined')], 'a.delete_a': [failure('internal')] },
    })
    expect(situation.compensation).toMatchObject({
      status: 'partial',
      remaining: [{ tool: 'a.create_a', why: 'internal' }],
    })
    expect(situation.status).toBe('failed')
  })

  test('judges a success by the expectation of its tool, and undoes what it left behind', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('b', 'b.create_b'))),
      script: { 'b.create_b': [ok({ id: 'b1', state: 'bad' })] },
    })
    expect(situation.tasks.get('b')?.failure).toMatchObject({ kind: 'unsatisfied' })
    expect(called(requests)).toEqual(['b.create_b', 'b.delete_b'])
    expect(situation.compensation?.status).toBe('complete')
  })

  test('undoes what a failed call says it had done', async () => {
    const half: CallOutcome = {
      status: 'failed',
      failure: { kind: 'internal', message: 'half', done: { id: 'half-a' } },
    }
    const { situation, requests } = await run({
      goal: goal({ 'a.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.create_a'))),
      script: { 'a.create_a': [half] },
    })
    expect(requests.map((request) => [request.tool, request.arguments])).toContainEqual(['delete_a', { id: 'half-a' }])
    expect(situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
  })

  test('a cancelled run lets calls in flight settle, then undoes them', async () => {
    const { situation, requests } = await run({
      beforeCall: ({ tool }, cancel) => tool === 'create_a' && cancel({ by: 'local:me' }),
    })
    expect(called(requests)).toEqual(['a.create_a', 'a.delete_a'])
    expect(situation.status).toBe('cancelled')
    expect(situation.compensation?.status).toBe('complete')
  })
})
