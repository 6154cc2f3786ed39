import { describe, expect, test } from 'vitest'
import { goal, MemoryJournal, ok } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import { answered, earlier } from './fixtures/answers.ts'
import { run } from './fixtures/makers.ts'
import { called, failure, lost } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('no effect twice', () => {
  test('a person who asks again gets the same key while an earlier attempt is uncertain', async () => {
    const goals = goal({ 'b.thing': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('b', 'b.make'))),
      script: { 'b.make': [lost, failure('unavailable')] },
    })
    const { requests } = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting, 'retry'),
    })
    expect(requests[0]?.idempotency_key).toBe(waiting.requests[0]?.idempotency_key)
  })

  test('a person who asks again gets the same key while an earlier attempt left something', async () => {
    const goals = goal({ 'b.thing': 'wait' })
    const decide = planOnce(plan(task('b', 'b.make')))
    const script = { 'b.make': [failure('internal', { done: { id: '1' } })] }
    const waiting = await run({ goal: goals, decide, script })
    const journal = await answered(waiting, 'retry')
    const { requests } = await run({ goal: goals, decide, journal })
    expect(requests[0]?.idempotency_key).toBe(waiting.requests[0]?.idempotency_key)
  })

  test('a person who asks again gets a lookup first where a repeat could happen twice', async () => {
    const goals = goal({ 'mail.sent': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('mail', 'mail.send'))),
      script: { 'mail.send': [lost], 'mail.find': [failure('unauthorized')] },
    })
    expect(waiting.situation.status).toBe('waiting')
    const { requests, situation } = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting, 'retry'),
    })
    expect(called(requests)).toEqual(['mail.find'])
    expect(situation.status).toBe('succeeded')
  })

  test('a person who asks again gets another key once the vendor said no under the first, whatever was lost before', async () => {
    const goals = goal({ 'keyed.thing': 'wait' })
    const decide = planOnce(plan(task('k', 'keyed.make')))
    const waiting = await run({ goal: goals, decide, script: { 'keyed.make': [lost, failure('declined')] } })
    const journal = await answered(waiting, 'retry')
    const { requests } = await run({ goal: goals, decide, journal })
    expect(waiting.requests.map(({ idempotency_key }) => idempotency_key)).not.toContain(requests[0]?.idempotency_key)
  })

  test('what never arrives is not sent for ever, and once more under a new key when a person asks', async () => {
    const goals = goal({ 'mail.sent': 'wait' })
    const decide = planOnce(plan(task('mail', 'mail.send')))
    const script = { 'mail.send': [lost], 'mail.find': [failure('not_found')] }
    const waiting = await run({ goal: goals, decide, script })
    const sent = waiting.requests.filter(({ tool }) => tool === 'send')
    expect(new Set(sent.map(({ idempotency_key }) => idempotency_key)).size).toBe(5)
    const journal = await answered(waiting, 'retry')
    const { requests, situation } = await run({ goal: goals, decide, journal })
    expect(sent.map(({ idempotency_key }) => idempotency_key)).not.toContain(requests[0]?.idempotency_key)
    expect(called(requests)).toEqual(['mail.send'])
    expect(situation.status).toBe('succeeded')
  })

  test('a person who asks again after the vendor dropped the key gets a lookup where something was left', async () => {
    const goals = goal(
      { 'keyed.thing': 'wait' },
      { budget: { ...goal({ 'a.thing': 'wait' }).budget, wall_clock_s: 1_000_000 } },
    )
    const decide = planOnce(plan(task('k', 'keyed.make')))
    const bad = { ...failure('unsatisfied'), output: { id: '1' } } as CallOutcome
    const waiting = await run({ goal: goals, decide, script: { 'keyed.make': [bad] } })
    const journal = await answered({ ...waiting, journal: earlier(waiting.journal, 48 * 3_600_000) }, 'retry')
    const { requests } = await run({ goal: goals, decide, journal })
    expect(called(requests)).toEqual(['keyed.find'])
  })

  test('a repeat that comes due after the vendor dropped the key becomes a lookup', async () => {
    const goals = goal(
      { 'keyed.thing': 'wait' },
      { budget: { ...goal({ 'a.thing': 'wait' }).budget, wall_clock_s: 1_000_000 } },
    )
    const decide = planOnce(plan(task('k', 'keyed.make')))
    const first = await run({ goal: goals, decide, script: { 'keyed.make': [lost, ok()] } })
    const cut = first.journal.events.findIndex(({ type }) => type === 'call_settled')
    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    journal.events.push(...first.journal.events.slice(0, cut + 1))
    const { requests } = await run({ goal: goals, decide, journal: earlier(journal, 48 * 3_600_000) })
    expect(called(requests)).toEqual(['keyed.find'])
  })
})
