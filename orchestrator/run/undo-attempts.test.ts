import { describe, expect, test } from 'vitest'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import { answered } from './fixtures/answers.ts'
import { run, tools } from './fixtures/makers.ts'
import { called, failure, lost } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('the undo of a call that was lost or tried again', () => {
  test('names an uncertain call whose later attempts failed', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [lost, failure('unavailable')] },
    })
    expect(situation.compensation).toMatchObject({ status: 'partial', remaining: [{ tool: 'a.make' }] })
  })

  test('leaves alone what a lookup proved absent', async () => {
    const { situation } = await run({
      goal: goal({ 'mail.sent': 'undo' }),
      decide: planOnce(plan(task('mail', 'mail.send'))),
      script: { 'mail.send': [lost, failure('declined')], 'mail.find': [failure('not_found')] },
    })
    expect(situation.compensation).toMatchObject({ status: 'none', remaining: [] })
  })

  test('undoes once what several attempts under one key returned', async () => {
    const bad = { ...failure('unsatisfied'), output: { id: '1' } } as CallOutcome
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({ goal: goals, decide: planOnce(plan(task('a', 'a.make'))), script: { 'a.make': [bad] } })
    const again = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting, 'retry'),
      script: { 'a.make': [bad] },
    })
    expect(again.requests[0]?.idempotency_key).toBe(waiting.requests[0]?.idempotency_key)
    const undone = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(again, 'undo'),
    })
    expect(called(undone.requests)).toEqual(['a.unmake'])
    expect(undone.situation.compensation).toMatchObject({ status: 'complete' })
  })

  test('takes a repeat that no key protected for an effect of its own', async () => {
    const blind = catalogue({ x: [tool('make', { establishes: ['x.thing'], idempotency: 'none' })] })
    const goals = goal({ 'x.thing': 'wait' })
    const decide = planOnce(plan(task('x', 'x.make')))
    const waiting = await run({ catalogue: blind, goal: goals, decide, script: { 'x.make': [lost] } })
    const again = await run({
      catalogue: blind,
      goal: goals,
      decide,
      journal: await answered(waiting, 'retry'),
      beforeCall: (_, cancel) => cancel({ by: 'local:me' }),
    })
    expect(again.situation.compensation?.remaining).toHaveLength(2)
  })

  test('takes back what a lookup found and the tool does not call good', async () => {
    const judged = catalogue({
      x: [
        tool('make', {
          establishes: ['x.thing'],
          idempotency: 'none',
          expect: 'output.size == arguments.size',
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const found = (size: number) =>
      run({
        catalogue: judged,
        goal: goal({ 'x.thing': 'undo' }),
        decide: planOnce(plan(task('x', 'x.make', { size: 2 }))),
        script: { 'x.make': [lost], 'x.find': [ok({ id: '1', size })] },
      })
    expect((await found(2)).situation.status).toBe('succeeded')
    const { situation, requests } = await found(1)
    expect(requests.at(-1)).toMatchObject({ tool: 'unmake', arguments: { id: '1' } })
    expect(situation.compensation?.status).toBe('complete')
  })

  test('waits until a lost attempt can have no effect any more, or that would come after its undo', async () => {
    const { journal } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [lost, ok({ id: '1' })], 'b.make': [failure('declined')] },
    })
    const intended = journal.events.flatMap((event) => (event.type === 'call_intended' ? [event] : []))
    const [first] = intended
    const undo = intended.find(({ data }) => data.purpose === 'compensation')
    expect(undo && first && undo.at >= first.data.deadline).toBe(true)
  })

  test('waits as long though a lookup found what an earlier attempt had done', async () => {
    const undoable = catalogue({
      x: [
        tool('make', {
          establishes: ['x.thing'],
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const { journal, situation } = await run({
      catalogue: undoable,
      goal: goal({ 'x.thing': 'wait' }),
      decide: planOnce(plan(task('x', 'x.make'))),
      script: { 'x.make': [lost], 'x.find': [ok({ id: '1' })] },
      beforeCall: ({ tool }, cancel) => tool === 'make' && cancel({ by: 'local:me' }),
    })
    const intended = journal.events.flatMap((event) => (event.type === 'call_intended' ? [event] : []))
    const last = intended.findLast(({ data }) => data.tool === 'make')
    const undo = intended.find(({ data }) => data.purpose === 'compensation')
    expect(undo && last && undo.at >= last.data.deadline).toBe(true)
    expect(situation.compensation?.status).toBe('complete')
  })

  test.each([
    ['looks up', 'keyed', ['keyed.make', 'keyed.find', 'keyed.unmake']],
    ['repeats', 'a', ['a.make', 'a.make', 'a.unmake']],
  ])('%s what may have happened before a cancel', async (_, server, expected) => {
    const undoable = catalogue({
      a: [...(tools.servers.get('a')?.tools ?? [])],
      keyed: [
        tool('make', {
          establishes: ['keyed.thing'],
          idempotency: { keyed: '24h' },
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const { requests, situation } = await run({
      catalogue: undoable,
      goal: goal({ [`${server}.thing`]: 'wait' }),
      decide: planOnce(plan(task('t', `${server}.make`))),
      script: { [`${server}.make`]: [lost, ok({ id: '1' })], 'keyed.find': [ok({ id: '1' })] },
      beforeCall: ({ tool }, cancel) => tool === 'make' && cancel({ by: 'local:me' }),
    })
    expect(called(requests)).toEqual(expected)
    expect(situation.compensation?.status).toBe('complete')
  })
})
