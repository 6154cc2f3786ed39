import { describe, expect, test } from 'vitest'
import { goal, ok } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Event } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import { documentOf } from './document.ts'
import { everyone, id, input, names, pursued, refused, unless, world } from './fixtures/customers.ts'
import { failure } from './fixtures/outcomes.ts'

describe('a list of sub-goals', () => {
  test('is one run for each item, and is evidence once all have succeeded', async () => {
    const runs = world({ script: { 'crm.make': id } })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('succeeded')
    const children = runs.childrenOf(runId).map((child) => runs.situation(child))
    expect(children.map(({ status, input: given }) => [status, given.name])).toEqual(
      names.map((name) => ['succeeded', name]),
    )
    expect(situation.tasks.get('each')?.output).toEqual(
      children.map(({ run_id }) => expect.objectContaining({ run_id })),
    )
    expect(runs.requests.filter((request) => request.tool === 'make')).toHaveLength(3)
  })

  test('is watched whole: every event of each run, once and in the order of its own record', async () => {
    const runs = world({ script: { 'crm.make': id } })
    const runId = await runs.create(everyone, input)
    const told = new Map<string, number[]>()
    const onEvent = ({ run_id, seq }: Event) => told.set(run_id, [...(told.get(run_id) ?? []), seq])
    await runs.pursue(runId, { onEvent })
    for (const id of [runId, ...runs.childrenOf(runId)]) {
      const recorded = runs.events(id).flatMap(({ type, seq }) => (type === 'run_created' ? [] : [seq]))
      expect(told.get(id)).toEqual(recorded)
    }
  })

  test('one failure harms no other, and a retry is for what failed alone', async () => {
    let broken = true
    const runs = world({
      script: { 'crm.make': (request) => (broken ? unless('Bob', refused)(request) : id(request)) },
    })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('waiting')
    expect([...situation.tasks.values()].map(({ id: task, status }) => [task, status])).toEqual([
      ['each', 'failed'],
      ['each/0', 'succeeded'],
      ['each/1', 'failed'],
      ['each/2', 'succeeded'],
    ])
    expect(situation.tasks.get('each')?.failure?.message).toContain('1 of 3 failed')
    expect(evidenceFor(situation)).toEqual([])

    broken = false
    await runs.answer(runId, { choice: 'retry' })
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    const made = runs.requests.filter(({ tool: name }) => name === 'make').map(({ arguments: args }) => args.name)
    expect(made).toEqual(['Ann', 'Bob', 'Cid', 'Bob'])
    expect(runs.childrenOf(runId)).toHaveLength(4)
  })

  test('waits with a sub-goal that asks a person, and goes on once that was answered', async () => {
    let broken = true
    const runs = world({
      script: { 'crm.make': id, 'bill.start': (request) => (broken ? unless('Cid', refused)(request) : id(request)) },
    })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('waiting')
    const [wait] = situation.waits.values()
    const asks = runs.childrenOf(runId)[2] ?? ''
    expect(wait).toMatchObject({ for: 'child', child_run: asks, task_id: 'each/2' })
    expect(documentOf(situation).waiting?.for).toBe('child')
    await expect(runs.answer(runId, { choice: 'retry' })).rejects.toThrow(asks)

    broken = false
    await runs.answer(asks, { choice: 'retry' })
    await runs.pursue(asks)
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
  })

  test('is watched with its sub-goals: every event of every run is told once, in order', async () => {
    const heard = new Map<string, number[]>()
    const runs = world({ script: { 'crm.make': id } })
    const runId = await runs.create(everyone, input)
    await runs.pursue(runId, {
      onEvent: ({ run_id, seq }) => void heard.set(run_id, [...(heard.get(run_id) ?? []), seq]),
    })
    for (const each of [runId, ...runs.childrenOf(runId)])
      expect(heard.get(each)).toEqual(
        runs
          .events(each)
          .slice(1)
          .map(({ seq }) => seq),
      )
  })

  test('hears of an answer to a sub-goal while others are under way', async () => {
    let broken = true
    let runId = ''
    const runs = world({
      script: { 'crm.make': id, 'bill.start': (request) => (broken ? unless('Ann', refused)(request) : id(request)) },
      beforeCall: async ({ tool: name, arguments: args }) => {
        if (name !== 'start' || args.name !== 'Cid') return
        const asks = runs.childrenOf(runId)[0] ?? ''
        await until(() => runs.situation(asks).status === 'waiting')
        broken = false
        await runs.answer(asks, { choice: 'retry' })
        await runs.pursue(asks)
      },
    })
    runId = await runs.create(everyone, input)
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.childrenOf(runId)).toHaveLength(3)
  })
})

describe('the end of the whole', () => {
  test('a cancel undoes the runs under way and those that had succeeded', async () => {
    let runId = ''
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: async ({ tool: name, arguments: args }) => {
        if (name === 'start' && args.name === 'Cid') {
          await until(() => succeeded(runId) === 2)
          await runs.cancel(runId)
        }
      },
    })
    const succeeded = (parent: string) =>
      runs.childrenOf(parent).filter((child) => runs.situation(child).status === 'succeeded').length
    runId = await runs.create(everyone, input)
    const situation = await runs.pursue(runId)
    expect(situation?.status).toBe('cancelled')
    expect(situation?.compensation?.status).toBe('complete')
    expect(runs.childrenOf(runId).map((child) => runs.situation(child).status)).toEqual(names.map(() => 'cancelled'))
    const undone = runs.requests.filter(({ tool: name }) => name === 'unmake').map(({ arguments: args }) => args.id)
    expect(undone.sort()).toEqual(names)
  })

  test('what a sub-goal could not undo is named by the run that it is a part of', async () => {
    const undoing = goal({ 'goals.customer': 'undo' }, { goal: 'everyone' })
    const broken: CallOutcome = { status: 'failed', failure: { kind: 'internal', message: 'stuck' } }
    const runs = world({
      script: {
        'crm.make': unless('Bob', refused),
        'crm.unmake': (request) => (request.arguments.id === 'Ann' ? broken : ok()),
      },
    })
    const { situation } = await pursued(runs, undoing)
    expect(situation.status).toBe('failed')
    expect(situation.compensation?.status).toBe('partial')
    expect(situation.compensation?.remaining).toEqual([
      expect.objectContaining({ tool: 'goals.customer', why: expect.stringContaining('crm.make: stuck') }),
    ])
  })

  test('a pursuit that ends in the middle leaves its sub-goals to the next, which makes none twice', async () => {
    const stop = new AbortController()
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: ({ tool: name, arguments: args }) => {
        if (name === 'start' && args.name === 'Bob') stop.abort()
      },
    })
    const runId = await runs.create(everyone, input)
    expect(await runs.pursue(runId, { signal: stop.signal })).toBeUndefined()
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.childrenOf(runId)).toHaveLength(3)
  })
})

describe('a worker, which leaves long pauses of its runs to others', () => {
  test('stays with a sub-goal that tries again only a while later', async () => {
    const runs = world({
      script: { 'crm.make': (request, nth) => (nth === 0 ? failure('unavailable') : id(request)) },
    })
    const runId = await runs.create(everyone, input)
    expect((await runs.work(runId)).status).toBe('succeeded')
    expect(runs.childrenOf(runId).map((child) => runs.situation(child).status)).toEqual(names.map(() => 'succeeded'))
  })

  test('stays with a sub-goal whose lease ended until it is undone, whoever undoes it', async () => {
    let runId = ''
    const lost: string[] = []
    const runs = world({
      script: { 'crm.make': id, 'bill.start': (request) => (request.arguments.name === 'Cid' ? refused : id(request)) },
      beforeCall: ({ run_id, tool: name }) => {
        if (name !== 'unmake' || lost.includes(run_id)) return
        lost.push(run_id)
        runs.lose(run_id)
      },
    })
    runId = await runs.create(everyone, input)
    expect((await runs.work(runId)).status).toBe('waiting')
    await runs.cancel(runId)
    const { status, compensation } = await runs.work(runId)
    expect({ status, compensation }).toMatchObject({ status: 'cancelled', compensation: { status: 'complete' } })
    expect(lost.sort()).toEqual(runs.childrenOf(runId).sort())
  })
})

async function until(holds: () => boolean): Promise<void> {
  for (let look = 0; look < 1_000 && !holds(); look++) await new Promise((resolve) => setTimeout(resolve, 2))
}
