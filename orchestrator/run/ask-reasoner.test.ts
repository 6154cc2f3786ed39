import { describe, expect, test } from 'vitest'
import { goal, MemoryJournal } from '../../test/support/rehearsal.ts'
import type { Decision } from '../model/decision.ts'
import { fold, type Situation } from '../model/situation.ts'
import { answered } from './fixtures/answers.ts'
import { run } from './fixtures/makers.ts'

describe('a reasoner', () => {
  test('that is interrupted is undecided, and has not given up', async () => {
    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    const stop = new AbortController()
    await run({
      journal,
      stop: stop.signal,
      goal: goal({ 'a.thing': 'undo' }),
      decide: () => {
        stop.abort()
        throw new Error('aborted')
      },
    })
    expect(journal.events.map(({ type }) => type)).toEqual(['run_created'])
  })

  test('offers choices that are words, whatever they say', async () => {
    const decide = (_: Situation, nth: number): Decision =>
      nth === 1
        ? { kind: 'ask', question: 'How far?', choices: ['extend', 'undo'], why: '' }
        : { kind: 'give_up', code: 'no_plan', facts: [], issues: [], why: '' }
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({ goal: goals, decide })
    for (const choice of ['extend', 'undo']) {
      const { events } = await answered(waiting, choice)
      expect(fold(events)).toMatchObject({ budget: goals.budget, waits: new Map() })
      expect(fold(events).undo_requested).toBeUndefined()
    }
  })
})
