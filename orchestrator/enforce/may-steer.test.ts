import { describe, expect, it } from 'vitest'
import { catalogue, tool } from '../../test/support/rehearsal.ts'
import type { Ceiling } from '../model/caller.ts'
import { goalSchema } from '../model/goal.ts'
import { mayNotAnswer, mayNotSteer } from './may-steer.ts'

const tools = catalogue({
  shop: [tool('find_item', { effect: 'read' }), tool('make_item'), tool('remove_item', { effect: 'delete' })],
  crm: [tool('change_item', { effect: 'update' })],
})
const sell = goalSchema.parse({
  goal: 'sell',
  title: 'Sell',
  input: { type: 'object' },
  outcomes: [{ fact: 'shop.item' }],
  budget: { cost_usd: 2 },
})

/** What may keep somebody with that ceiling from giving the answer to a run that may use the tools. */
const refusal = (ceiling: Ceiling, choice: string, allowed?: string[]) => {
  const goal = { ...sell, ...(allowed && { tools: allowed }) }
  const created = { goal } as Parameters<typeof mayNotAnswer>[2]['created']
  return mayNotAnswer(ceiling, choice, { created, budget: goal.budget }, tools)
}

describe('who may change how a run goes on', () => {
  it('is everybody whose key is for its goal', () => {
    expect(mayNotSteer({}, 'sell')).toBeUndefined()
    expect(mayNotSteer({ goals: ['sell'] }, 'sell')).toBeUndefined()
    expect(mayNotSteer({ goals: ['buy'] }, 'sell')).toBe('This key may not change runs of sell; it is for buy')
  })
})

describe('who may answer a run', () => {
  it('is everybody whose own runs may do as much', () => {
    expect(refusal({}, 'change')).toBeUndefined()
    expect(refusal({ effect: 'update' }, 'change')).toBeUndefined()
    expect(refusal({ effect: 'create' }, 'change')).toContain('the run may update')
    expect(refusal({ effect: 'create' }, 'change', ['shop.*'])).toBeUndefined()
    expect(refusal({ effect: 'read' }, 'retry', ['shop.make_item'])).toContain('the run may create')
    expect(refusal({ effect: 'read' }, 'retry', ['shop.find_item'])).toBeUndefined()
  })

  it('is everybody, to undo what was done', () => {
    expect(refusal({ effect: 'read', cost_usd: 0 }, 'undo')).toBeUndefined()
  })

  it('is nobody, for another budget, who may not spend both', () => {
    expect(refusal({ cost_usd: 2 }, 'extend')).toContain('could spend 4 USD')
    expect(refusal({ cost_usd: 4 }, 'extend')).toBeUndefined()
    expect(refusal({ cost_usd: 2 }, 'retry')).toBeUndefined()
  })
})
