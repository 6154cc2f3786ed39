import { describe, expect, test } from 'vitest'
import { goal, ok } from '../../test/support/rehearsal.ts'
import { holding } from '../enforce/fixtures/policies.ts'
import { run } from './fixtures/abc.ts'
import { answer } from './fixtures/answers.ts'
import { called, failure, lost } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('a held call', () => {
  const hold = holding('c.send_c')

  test('waits for its approval while everything else goes on', async () => {
    const { situation, requests } = await run({ policy: hold })
    expect(called(requests)).toEqual(['a.create_a', 'b.create_b'])
    expect(situation.status).toBe('waiting')
    expect(situation.tasks.get('c')?.status).toBe('held')
    const [wait] = situation.waits.values()
    expect(wait?.approval).toMatchObject({ tool: 'c.send_c', arguments: { to: 'x' }, fingerprint: 'sha256:send_c' })
  })

  test('is made once approved, names its approval, and uses it up', async () => {
    const waiting = await run({ policy: hold })
    const wait = await answer(waiting, 'approve')
    const { situation, requests } = await run({ policy: hold, journal: waiting.journal })
    expect(called(requests)).toEqual(['c.send_c'])
    expect(situation.status).toBe('succeeded')
    const call = [...situation.calls.values()].find(({ tool }) => tool === 'send_c')
    expect(call?.approval_id).toBe(wait.wait_id)
    expect(situation.tasks.get('c')?.approval).toBeUndefined()
  })

  test('is made under its approval though the first attempt never happened', async () => {
    const waiting = await run({ policy: hold })
    await answer(waiting, 'approve')
    const { situation, requests } = await run({
      policy: hold,
      journal: waiting.journal,
      script: { 'c.send_c': [lost, ok()], 'c.find_c': [failure('not_found')] },
    })
    // Looked up soon, and again once the first attempt could not happen any more.
    expect(called(requests)).toEqual(['c.send_c', 'c.find_c', 'c.find_c', 'c.send_c'])
    expect(situation.status).toBe('succeeded')
  })

  test('needs another approval when its arguments are not the approved ones', async () => {
    const waiting = await run({ policy: hold })
    const [asked] = waiting.journal.events.filter(({ type }) => type === 'wait_started')
    if (asked?.type === 'wait_started' && asked.data.approval) asked.data.approval.arguments_digest = 'sha256:other'
    await answer(waiting, 'approve')
    const { situation, requests } = await run({ policy: hold, journal: waiting.journal })
    expect(requests).toEqual([])
    expect(situation.status).toBe('waiting')
  })

  test('is never made once denied', async () => {
    const waiting = await run({ policy: hold })
    await answer(waiting, 'deny')
    const { situation, requests } = await run({ policy: hold, journal: waiting.journal })
    expect(requests).toEqual([])
    expect(situation.tasks.get('c')).toMatchObject({ status: 'refused', failure: { kind: 'denied' } })
    expect(situation.status).toBe('waiting')
  })

  test('counts as denied when nobody decided in time', async () => {
    const waiting = await run({
      policy: hold,
      goal: goal({ 'c.thing': 'accept' }),
      decide: planOnce(plan(task('c', 'c.send_c', { to: 'x' }), task('a', 'a.create_a'))),
    })
    for (const event of waiting.journal.events)
      if (event.type === 'wait_started') event.data.until = '2025-12-31T00:00:00.000Z'
    const { situation, journal } = await run({ policy: hold, journal: waiting.journal })
    expect(journal.events.find(({ type }) => type === 'wait_ended')).toMatchObject({
      data: { choice: 'deny', by: 'deadline' },
    })
    expect(situation.tasks.get('c')?.status).toBe('refused')
  })
})
