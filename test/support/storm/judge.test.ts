import { describe, expect, test } from 'vitest'
import type { Situation } from '../../../orchestrator/model/situation.ts'
import { judge, judgeList } from './judge.ts'
import { allOutside } from './left-outside.ts'

const nothing = Object.fromEntries(Object.keys(allOutside).map((system) => [system, 0])) as unknown as typeof allOutside

/** A run that ended so, with what its undo left. */
function ended(status: string, remaining: { tool: string; call_id?: string }[] = [], run_id = 'run'): Situation {
  const compensation = { status: remaining.length > 0 ? 'partial' : 'complete', remaining }
  return { run_id, status, finished: {}, compensation, waived: new Map(), tasks: new Map() } as unknown as Situation
}

describe('the runs of one customer', () => {
  test('are well where the last succeeded and everything is there once', () => {
    expect(judge([ended('cancelled'), ended('succeeded')], allOutside)).toEqual([])
  })

  test('are not where something is missing, or there twice', () => {
    expect(judge([ended('succeeded')], { ...allOutside, mails: 0, roles: 2 })).toEqual([
      '2 roles, not one',
      'it succeeded, and there are no mails',
    ])
  })

  test('may leave what one of them names, and nothing else', () => {
    const runs = [ended('cancelled', [{ tool: 'email.send_onboarding_email' }]), ended('cancelled')]
    expect(judge(runs, { ...nothing, mails: 1 })).toEqual([])
    expect(judge(runs, { ...nothing, mails: 1, roles: 1 })).toEqual([
      'it cancelled (undo complete), and there are roles left',
    ])
  })

  test('leave nothing where none was begun', () => {
    expect(judge([], nothing)).toEqual([])
    expect(judge([], { ...nothing, customers: 1 })).toEqual(['it was never begun, and there are customers left'])
  })
})

describe('a list', () => {
  const two = new Map([
    ['each/0', { item_of: 'each' }],
    ['each/1', { item_of: 'each' }],
  ])

  test('succeeds with all of its customers', () => {
    const list = { ...ended('succeeded'), tasks: two } as unknown as Situation
    expect(judgeList(list, [ended('succeeded', [], 'a'), ended('succeeded', [], 'b')])).toEqual([])
    expect(judgeList(list, [ended('succeeded', [], 'a'), ended('failed', [], 'b')])).toEqual([
      'it succeeded with 1 of 2 customers',
    ])
  })

  test('that ends otherwise leaves no customer standing whom it does not name', () => {
    const parts = [ended('succeeded', [], 'a'), ended('cancelled', [], 'b')]
    expect(judgeList(ended('cancelled'), parts)).toEqual(['it cancelled, and run a still stands'])
    expect(judgeList(ended('cancelled', [{ tool: 'goals.onboard', call_id: 'a' }]), parts)).toEqual([])
  })
})
