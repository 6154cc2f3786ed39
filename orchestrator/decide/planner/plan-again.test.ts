import { describe, expect, test } from 'vitest'
import { contractOf } from '../../model/catalogue.ts'
import { createOrg, everything } from './fixtures/org-tools.ts'
import { fault, tasks, used } from './fixtures/plan-case.ts'
import type { KeptTask } from './problem.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

describe('planning again', () => {
  const slow = sketch('a.slow', { effect: 'update', needs: { x: 'a.x' }, establishes: ['a.goal'] })
  const quick = sketch('a.quick', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.goal'] })
  const getX = sketch('a.get_x', { gives: { x: 'a.x' } })
  const kept: KeptTask = { id: 'get_x', tool: contractOf(getX), output: { x: 'x' }, establishes: [] }

  test('goes around a tool that failed and refers to the tasks that stand', () => {
    const given = {
      outcomes: ['a.goal'],
      tools: [slow, quick, getX],
      kept: [kept],
      excluded: { 'a.quick': 'failed: no' },
    }
    expect(tasks(given)).toEqual([
      {
        id: 'slow',
        tool: 'a.slow',
        arguments: { x: { $ref: '/tasks/get_x/output/x' } },
        after: [],
        why: 'establishes a.goal',
      },
    ])
  })

  test('says what was tried when there is no way round', () => {
    const given = {
      outcomes: ['a.goal'],
      tools: [quick, getX],
      kept: [kept],
      excluded: { 'a.quick': 'failed: card declined' },
    }
    expect(fault(given)).toMatchObject({
      facts: ['a.goal'],
      issues: [{ path: '/outcomes/0', message: 'a.goal was tried with a.quick, which failed: card declined' }],
    })
  })

  test('does not look up what a failed tool should have created', () => {
    const keptOrg = {
      id: 'create_org',
      tool: contractOf(createOrg),
      output: { id: 'org_1' },
      establishes: ['orgs.org'],
    }
    const given = {
      outcomes: ['orgs.org', 'billing.subscription'],
      tools: everything,
      input: { 'orgs.slug': 'acme' },
      kept: [keptOrg],
      excluded: { 'billing.create_customer': 'failed: no' },
    }
    expect(fault(given).issues.map(({ path }) => path)).toContain('/tools/billing.subscribe/customer')
  })

  test('leaves out outcomes that hold or are waived, and takes no fact that an output does not have', () => {
    const other = sketch('a.other', { effect: 'create', establishes: ['a.other'] })
    const tools = [quick, getX, other]
    expect(used({ outcomes: ['a.goal', 'a.other'], tools, waived: ['a.goal'] })).toEqual(['a.other'])
    expect(used({ outcomes: ['a.goal', 'a.other'], tools, kept: [{ ...kept, establishes: ['a.other'] }] })).toEqual([
      'a.quick',
    ])
    expect(used({ outcomes: ['a.goal'], tools, kept: [{ ...kept, output: {} }] })).toEqual(['a.get_x', 'a.quick'])
  })

  test('gives ids that no other task has had', () => {
    const id = (ids: Record<string, string | null>) =>
      tasks({ outcomes: ['a.goal'], tools: [quick], input: { 'a.x': 'x' }, ids })[0]?.id
    expect(id({ quick: null })).toBe('quick_2')
    expect(id({ quick: null, quick_2: 'b.quick' })).toBe('quick_3')
    expect(id({ quick: 'a.quick' })).toBe('quick')
  })

  test('tools of the same name get different ids', () => {
    const twin = sketch('b.quick', { effect: 'create', establishes: ['b.goal'] })
    const given = { outcomes: ['a.goal', 'b.goal'], tools: [quick, twin], input: { 'a.x': 'x' } }
    expect(tasks(given).map(({ id }) => id)).toEqual(['quick', 'quick_2'])
  })
})
