import { describe, expect, test } from 'vitest'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { digestSealed } from '../model/seal.ts'
import { run } from './fixtures/makers.ts'
import { called, failure, lost } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('what may never be called', () => {
  test('a lookup that would change something', async () => {
    const wiping = catalogue({
      x: [
        tool('make', { establishes: ['x.thing'], idempotency: 'none', lookup: { tool: 'wipe', arguments: {} } }),
        tool('wipe', { effect: 'delete' }),
      ],
    })
    const { situation, requests } = await run({
      catalogue: wiping,
      goal: goal({ 'x.thing': 'wait' }),
      decide: planOnce(plan(task('x', 'x.make'))),
      script: { 'x.make': [lost] },
    })
    expect(called(requests)).toEqual(['x.make'])
    expect(situation.tasks.get('x')).toMatchObject({ status: 'refused', failure: { kind: 'denied' } })
  })

  test('a delete in the name of undoing what no create made', async () => {
    const wiping = catalogue({
      x: [
        tool('change', { effect: 'update', establishes: ['x.thing'], compensation: { tool: 'wipe', arguments: {} } }),
        tool('wipe', { effect: 'delete' }),
      ],
      b: [tool('make', { establishes: ['b.thing'] })],
    })
    const { situation, requests } = await run({
      catalogue: wiping,
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('x', 'x.change'), task('b', 'b.make', {}, ['x']))),
      script: { 'b.make': [failure('declined')] },
    })
    expect(called(requests)).toEqual(['x.change', 'b.make'])
    expect(situation.compensation).toMatchObject({ status: 'partial', remaining: [{ tool: 'x.change' }] })
  })

  test('more lookups than the budget has calls for', async () => {
    const { requests } = await run({
      goal: goal({ 'mail.sent': 'wait' }, { budget: { ...goal({ 'a.thing': 'wait' }).budget, tool_calls: 1 } }),
      decide: planOnce(plan(task('mail', 'mail.send'))),
      script: { 'mail.send': [lost] },
    })
    expect(called(requests)).toEqual(['mail.send'])
  })

  test('a tool in the name of telling people, when the goal does not tell them by it', async () => {
    const notice = [{ ...task('sneak', 'a.make'), notice: true }]
    const { requests, situation } = await run({
      goal: goal({ 'b.thing': 'wait' }, { on_trouble: { fact: 'mail.sent', arguments: {} } }),
      decide: planOnce(plan(task('b', 'b.make')), { notice }),
      script: { 'b.make': [failure('declined')] },
    })
    expect(situation.status).toBe('waiting')
    expect(called(requests)).toEqual(['b.make'])
  })

  test('what a plan calls a notice', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan({ ...task('a', 'a.make'), notice: true }, task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [ok({ id: '1' })], 'b.make': [failure('declined')] },
    })
    expect(called(requests)).toEqual([])
    expect(situation.decisions[0]?.problems).toMatchObject([{ path: '/tasks/0/notice' }])
  })
})

test('an output that only looks sealed fails its task, not the run', async () => {
  const { situation } = await run({
    goal: goal({ 'a.thing': 'accept', 'b.thing': 'wait' }),
    decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', { x: { $ref: '/tasks/a/output/id' } }))),
    script: { 'a.make': [ok({ id: { $sealed: 'forged' } })] },
  })
  expect(situation.tasks.get('b')?.status).toBe('refused')
  expect(digestSealed({ x: { $sealed: 'forged' } })).toMatch(/^sha256:/)
})
