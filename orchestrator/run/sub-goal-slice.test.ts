import { describe, expect, test } from 'vitest'
import { goal } from '../../test/support/rehearsal.ts'
import { decide, each, everyone, id, input, pursued, slice, world } from './fixtures/customers.ts'

describe('what a sub-goal may use', () => {
  test('is set aside whole while it runs, and what it did not spend comes back', async () => {
    let reserved = 0
    let runId = ''
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: () => {
        reserved = Math.max(reserved, runs.situation(runId).reserved.tool_calls)
      },
    })
    runId = await runs.create(everyone, input)
    const situation = await runs.pursue(runId)
    expect(reserved).toBe(15)
    expect(situation?.reserved.tool_calls).toBe(0)
    expect(situation?.usage).toMatchObject({ tool_calls: 6, model_calls: 8 })
  })

  test('is no more than its parent has: a plan that would need more is refused', async () => {
    const poor = goal(
      { 'goals.customer': 'wait' },
      { goal: 'everyone', budget: { ...everyone.budget, tool_calls: 24 } },
    )
    const runs = world()
    const { situation } = await pursued(runs, poor)
    expect(situation.decisions[0]?.problems?.[0]?.message).toBe('25 calls are planned and the budget leaves 24')
  })

  test('are the tools that its parent and its slice both allow', async () => {
    const limited = goal({ 'goals.customer': 'accept' }, { goal: 'everyone', tools: ['goals.*', 'crm.*', 'list.*'] })
    const runs = world({
      script: { 'crm.make': id },
      decide: (situation) => {
        const decision = decide(situation)
        if (decision.kind !== 'plan' || decision.tasks[0]?.id !== 'each') return decision
        return { ...decision, tasks: [{ ...each, slice: { ...slice, tools: ['crm.make', 'bill.*'] } }] }
      },
    })
    const { runId } = await pursued(runs, limited)
    const [child] = runs.childrenOf(runId).map((one) => runs.situation(one))
    expect(child?.created.goal.tools).toEqual(['crm.make'])
    expect(child?.decisions[0]?.problems?.[0]?.message).toContain('bill.start is none of the tools of this run')
  })
})
