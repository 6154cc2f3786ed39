import { describe, expect, test } from 'vitest'
import { goal, MemoryJournal, ok } from '../../test/support/rehearsal.ts'
import { run, world } from './fixtures/abc.ts'
import { answer } from './fixtures/answers.ts'
import { called, failure, lost } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'

describe('advance', () => {
  test('runs a plan, starts all ready tasks at once, and ends with evidence for every outcome', async () => {
    const { situation, requests, mostAtOnce } = await run({})
    expect(called(requests)).toEqual(['a.create_a', 'b.create_b', 'c.send_c'])
    expect(mostAtOnce).toBe(2)
    expect(situation.finished).toMatchObject({ status: 'succeeded' })
    expect(situation.finished?.outcomes.map(({ fact }) => fact)).toEqual(['a.thing', 'b.thing', 'c.thing'])
    expect(requests[1]?.arguments).toEqual({ a: 'a1' })
  })

  test('settles a call and intends what it made ready in one append', async () => {
    const { journal } = await run({})
    const types = journal.appends.map((drafts) => drafts.map(({ type }) => type))
    expect(types).toContainEqual(['call_settled', 'call_intended', 'call_intended'])
  })

  test('records every intent before its call reaches the gateway', async () => {
    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    await run({
      journal,
      beforeCall({ call_id }) {
        const intended = journal.events.some(
          (event) => event.type === 'call_intended' && event.data.call_id === call_id,
        )
        expect(intended).toBe(true)
      },
    })
    expect(journal.events.filter(({ type }) => type === 'call_intended')).toHaveLength(3)
  })

  test('repeats what was provably not performed under the same key', async () => {
    const { situation, requests } = await run({
      script: { ...world, 'a.create_a': [failure('unavailable'), failure('unavailable'), ok({ id: 'a1' })] },
    })
    const keys = requests.filter(({ tool }) => tool === 'create_a').map(({ idempotency_key }) => idempotency_key)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(situation.status).toBe('succeeded')
  })

  test('never sends twice what would happen twice: it looks up after the deadline', async () => {
    const { situation, requests } = await run({
      script: { ...world, 'c.send_c': [lost], 'c.find_c': [ok({ id: 'c1' })] },
    })
    expect(called(requests).filter((id) => id === 'c.send_c')).toHaveLength(1)
    expect(called(requests)).toContain('c.find_c')
    expect(requests.find(({ tool }) => tool === 'find_c')?.arguments).toEqual({ to: 'x' })
    expect(situation.status).toBe('succeeded')
    expect(situation.tasks.get('c')?.output).toEqual({ id: 'c1' })
  })

  test('sends again under another key once a lookup proved that nothing had happened', async () => {
    const { situation, requests } = await run({
      script: { ...world, 'c.send_c': [lost, ok()], 'c.find_c': [failure('not_found')] },
    })
    const sent = requests.filter(({ tool }) => tool === 'send_c')
    expect(sent).toHaveLength(2)
    expect(new Set(sent.map(({ idempotency_key }) => idempotency_key)).size).toBe(2)
    expect(situation.status).toBe('succeeded')
  })

  test('stops when its budget is used up, says so, and goes on when a person extends it', async () => {
    const small = goal({ 'a.thing': 'wait', 'c.thing': 'wait' }, { budget: { tool_calls: 2 } as never })
    const decide = planOnce(plan(task('a', 'a.create_a'), task('c', 'c.send_c', {}, ['a'])))
    const script = { ...world, 'a.create_a': [failure('unavailable'), ok({ id: 'a1' })] }
    const stopped = await run({ goal: small, decide, script })
    expect(called(stopped.requests)).toEqual(['a.create_a', 'a.create_a'])
    expect(stopped.situation.tasks.get('c')?.failure).toMatchObject({ kind: 'budget_exhausted' })
    const [wait] = stopped.situation.waits.values()
    expect(wait?.choices.map(({ choice }) => choice)).toContain('extend')
    await answer(stopped, 'extend')
    const { situation, requests } = await run({ goal: small, journal: stopped.journal, decide })
    expect(called(requests)).toEqual(['c.send_c'])
    expect(situation.status).toBe('succeeded')
  })

  test('settles as uncertain what an earlier process had started', async () => {
    const first = await run({})
    const cut = first.journal.events.findIndex(({ type }) => type === 'call_settled')
    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    journal.events.push(...first.journal.events.slice(0, cut))
    const { situation, requests } = await run({ journal })
    expect(journal.events[cut]).toMatchObject({ type: 'call_settled', data: { outcome: { status: 'uncertain' } } })
    expect(called(requests)).toEqual(['a.create_a', 'b.create_b', 'c.send_c'])
    expect(requests[0]?.idempotency_key).toBe(first.requests[0]?.idempotency_key)
    expect(situation.status).toBe('succeeded')
  })

  test('refuses a finish without evidence, and stops a reasoner that insists', async () => {
    const { situation } = await run({
      decide: (_, nth) =>
        nth === 1
          ? plan(task('a', 'a.create_a'))
          : { kind: 'finish', outcomes: [{ fact: 'b.thing', established_by: 'id-1' }], why: '' },
    })
    expect(situation.decisions.filter(({ problems }) => problems)).toHaveLength(2)
    expect(situation.status).not.toBe('succeeded')
    expect(situation.decisions.at(-1)?.decision).toMatchObject({ kind: 'give_up', code: 'reasoning_failed' })
  })

  test('a reasoner that throws has given up, and nothing runs', async () => {
    const { situation, requests } = await run({
      decide: () => {
        throw new Error('no network')
      },
    })
    expect(requests).toEqual([])
    expect(situation.finished).toMatchObject({ status: 'failed', error: { code: 'reasoner_failed' } })
  })
})
