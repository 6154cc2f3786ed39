import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { goal, ok } from '../../test/support/rehearsal.ts'
import type { RehearsedRunsOptions } from '../../test/support/rehearsed-runs.ts'
import type { Task } from '../model/decision.ts'
import { decide, id, pursued, world } from './fixtures/customers.ts'

describe('a list', () => {
  const listed = goal({ 'crm.customer': 'wait' }, { goal: 'listed' })
  const read = { id: 'read', tool: 'list.read', arguments: {}, after: [], why: '' }
  const make: Task = {
    id: 'make',
    tool: 'crm.make',
    arguments: { name: { $ref: '/who' } },
    after: [],
    why: '',
    for_each: { ref: '/tasks/read/output/names', as: 'who', max: 3 },
  }
  const over = (list: unknown, more: Partial<RehearsedRunsOptions> = {}) =>
    world({
      script: { 'crm.make': id, 'list.read': [ok({ names: list } as JsonObject)] },
      decide: (situation) => {
        const decision = decide(situation)
        return decision.kind === 'plan' ? { kind: 'plan', tasks: [read, make], why: '' } : decision
      },
      ...more,
    })

  test('that a tool returns becomes one call for each item, and one ordered output', async () => {
    const runs = over(['x', 'y'])
    const { situation } = await pursued(runs, listed, {})
    expect(situation.status).toBe('succeeded')
    expect(situation.tasks.get('make')?.output).toEqual([{ id: 'x' }, { id: 'y' }])
    expect(situation.finished?.outcomes).toHaveLength(1)
  })

  test.each([
    ['too long', ['a', 'b', 'c', 'd'], 'has 4 items; at most 3 may run'],
    ['not one', 'a', 'is no list'],
  ])('that is %s is refused before anything is called', async (_, list, why) => {
    const runs = over(list)
    const { situation } = await pursued(runs, listed, {})
    expect(situation.tasks.get('make')?.failure?.issues?.[0]?.message).toContain(why)
    expect(runs.requests.map(({ tool: name }) => name)).toEqual(['read'])
  })

  test('that is empty establishes nothing', async () => {
    const { situation } = await pursued(over([]), listed, {})
    expect(situation.tasks.get('make')).toMatchObject({ status: 'succeeded', output: [] })
    expect(situation.status).toBe('waiting')
  })

  test('no more calls than the budget of one server allows are under way at once', async () => {
    let now = 0
    let most = 0
    const narrow = goal(
      { 'crm.customer': 'wait' },
      { goal: 'listed', budget: { ...listed.budget, server_concurrency: 2 } },
    )
    const runs = over(['a', 'b', 'c'], {
      beforeCall: async ({ server }) => {
        if (server !== 'crm') return
        now += 1
        most = Math.max(most, now)
        await new Promise((resolve) => setTimeout(resolve, 5))
        now -= 1
      },
    })
    expect((await pursued(runs, narrow, {})).situation.status).toBe('succeeded')
    expect(most).toBe(2)
  })
})
