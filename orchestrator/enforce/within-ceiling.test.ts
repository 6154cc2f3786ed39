import { describe, expect, it } from 'vitest'
import { catalogue, tool } from '../../test/support/rehearsal.ts'
import { goalSchema } from '../model/goal.ts'
import { withinCeiling } from './within-ceiling.ts'

const tools = catalogue({
  shop: [tool('find_item', { effect: 'read' }), tool('make_item'), tool('remove_item', { effect: 'delete' })],
  bank: [tool('make_item')],
})
const goal = goalSchema.parse({
  goal: 'sell',
  title: 'Sell',
  input: { type: 'object' },
  outcomes: [{ fact: 'shop.item' }],
  budget: { tool_calls: 20, cost_usd: 5 },
})

describe('a goal within a ceiling', () => {
  it('is as it was where nothing limits it', () => {
    expect(withinCeiling(goal, { ceiling: {} }, tools)).toEqual({ ok: true, goal })
  })

  it.each([
    ['read', ['shop.find_item']],
    ['create', ['shop.find_item', 'shop.make_item', 'bank.make_item']],
    ['delete', ['shop.find_item', 'shop.make_item', 'shop.remove_item', 'bank.make_item']],
  ] as const)('has no tools of a greater effect than %s', (effect, ids) => {
    expect(withinCeiling(goal, { ceiling: { effect } }, tools)).toMatchObject({ goal: { tools: ids } })
  })

  it('never has more tools than the goal itself allows', () => {
    const narrow = { ...goal, tools: ['bank.*'] }
    expect(withinCeiling(narrow, { ceiling: { effect: 'create' } }, tools)).toMatchObject({
      goal: { tools: ['bank.make_item'] },
    })
  })

  it('may spend the least of what goal, ceiling and request say', () => {
    const cost = (ceiling: number, budget?: number) =>
      withinCeiling(
        goal,
        { ceiling: { cost_usd: ceiling }, ...(budget === undefined ? {} : { budget: { cost_usd: budget } }) },
        tools,
      )
    expect(cost(2)).toMatchObject({ goal: { budget: { cost_usd: 2, tool_calls: 20 } } })
    expect(cost(9)).toMatchObject({ goal: { budget: { cost_usd: 5 } } })
    expect(cost(2, 1)).toMatchObject({ goal: { budget: { cost_usd: 1 } } })
    expect(cost(2, 3)).toMatchObject({
      failure: {
        kind: 'budget_exhausted',
        issues: [{ path: '/budget/cost_usd', message: 'must be at most 2 (got 3)' }],
      },
    })
  })

  it('is refused where it is not one of those that are allowed', () => {
    expect(withinCeiling(goal, { ceiling: { goals: ['buy'] } }, tools)).toMatchObject({ failure: { kind: 'denied' } })
    expect(withinCeiling(goal, { ceiling: { goals: ['sell'] } }, tools)).toMatchObject({ ok: true })
  })
})
