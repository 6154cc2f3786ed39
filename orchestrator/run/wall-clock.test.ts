import { describe, expect, test } from 'vitest'
import { goal } from '../../test/support/rehearsal.ts'
import { answered, earlier } from './fixtures/answers.ts'
import { run } from './fixtures/makers.ts'
import { failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('the time of a run', () => {
  test('is not used up while a person thinks', async () => {
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [failure('declined')] },
    })
    const journal = await answered(waiting, 'retry', 48 * 3_600_000)
    const { situation } = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: earlier(journal, 48 * 3_600_000),
    })
    expect(situation.status).toBe('succeeded')
  })

  test('ends a run whose vendor asks for a pause beyond it', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'wait' }),
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [failure('rate_limited', { retry_after_ms: 9_000_000_000_000_000 })] },
    })
    expect(situation.status).toBe('waiting')
    expect(Date.parse([...situation.waits.values()][0]?.since ?? '')).toBe(Date.parse('2026-01-01T01:00:00.000Z'))
  })
})
