import { describe, expect, test } from 'vitest'
import {
  catalogue,
  goal,
  MemoryJournal,
  ok,
  type RehearsalOptions,
  rehearse,
  tool,
} from '../../test/support/rehearsal.ts'
import { holding } from '../enforce/fixtures/policies.ts'
import { policyOf } from '../enforce/policy/policy.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { unmetFacts } from './unmet-facts.ts'

const undo = (tool: string) => ({ tool, arguments: { id: { $ref: '/output/id' } } })
const tools = catalogue({
  a: [
    tool('create_a', { establishes: ['a.thing'], compensation: undo('delete_a') }),
    tool('delete_a', { effect: 'delete' }),
    tool('find_a', { effect: 'read' }),
  ],
  b: [
    tool('create_b', { establishes: ['b.thing'], compensation: undo('delete_b'), expect: 'output.state == "good"' }),
    tool('delete_b', { effect: 'delete' }),
  ],
  c: [
    tool('send_c', {
      establishes: ['c.thing'],
      idempotency: 'none',
      lookup: { tool: 'find_c', arguments: { to: { $ref: '/arguments/to' } } },
    }),
    tool('find_c', { effect: 'read' }),
  ],
})

const task = (id: string, tool: string, args: Record<string, never> | object = {}, after: string[] = []) => ({
  id,
  tool,
  arguments: args as Record<string, never>,
  after,
  why: '',
})
const plan = (...tasks: ReturnType<typeof task>[]): Decision => ({ kind: 'plan', tasks, why: 'because' })

/** Plans once, then finishes or gives up, as a reasoner without imagination would. */
function planOnce(first: Decision) {
  return (situation: Situation, nth: number): Decision => {
    if (nth === 1) return first
    const facts = unmetFacts(situation)
    if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: 'all is there' }
    return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'a task failed' }
  }
}

const failure = (kind: 'declined' | 'unavailable' | 'not_found' | 'internal'): CallOutcome => ({
  status: 'failed',
  failure: { kind, message: kind },
})
const lost: CallOutcome = { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }

const abc = plan(
  task('a', 'a.create_a'),
  task('b', 'b.create_b', { a: { $ref: '/tasks/a/output/id' } }),
  task('c', 'c.send_c', { to: 'x' }, ['a']),
)
const world = { 'a.create_a': [ok({ id: 'a1' })], 'b.create_b': [ok({ id: 'b1', state: 'good' })] }
const everything = goal({ 'a.thing': 'undo', 'b.thing': 'wait', 'c.thing': 'wait' })

const run = (options: Partial<RehearsalOptions>) =>
  rehearse({ catalogue: tools, goal: everything, script: world, decide: planOnce(abc), ...options })

const called = (requests: { server: string; tool: string }[]) => requests.map(({ server, tool }) => `${server}.${tool}`)

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

  test('undoes in reverse order of settlement when an outcome that must hold cannot be had', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'a.thing': 'undo', 'b.thing': 'undo', 'c.thing': 'undo' }),
      decide: planOnce(
        plan(task('a', 'a.create_a'), task('b', 'b.create_b', {}, ['a']), task('c', 'c.send_c', {}, ['b'])),
      ),
      script: { ...world, 'c.send_c': [failure('declined')] },
    })
    expect(called(requests).slice(3)).toEqual(['b.delete_b', 'a.delete_a'])
    expect(requests.slice(3).map((request) => request.arguments)).toEqual([{ id: 'b1' }, { id: 'a1' }])
    expect(situation.status).toBe('failed')
    expect(situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
    expect(situation.finished?.error).toMatchObject({ code: 'task_failed' })
  })

  test('reports what an undo could not take back', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo', 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.create_a'), task('b', 'b.create_b', {}, ['a']))),
      script: { ...world, 'b.create_b': [failure('declined')], 'a.delete_a': [failure('internal')] },
    })
    expect(situation.compensation).toMatchObject({
      status: 'partial',
      remaining: [{ tool: 'a.create_a', why: 'internal' }],
    })
    expect(situation.status).toBe('failed')
  })

  test('judges a success by the expectation of its tool, and undoes what it left behind', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('b', 'b.create_b'))),
      script: { 'b.create_b': [ok({ id: 'b1', state: 'bad' })] },
    })
    expect(situation.tasks.get('b')?.failure).toMatchObject({ kind: 'unsatisfied' })
    expect(called(requests)).toEqual(['b.create_b', 'b.delete_b'])
    expect(situation.compensation?.status).toBe('complete')
  })

  test('undoes what a failed call says it had done', async () => {
    const half: CallOutcome = {
      status: 'failed',
      failure: { kind: 'internal', message: 'half', done: { id: 'half-a' } },
    }
    const { situation, requests } = await run({
      goal: goal({ 'a.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.create_a'))),
      script: { 'a.create_a': [half] },
    })
    expect(requests.map((request) => [request.tool, request.arguments])).toContainEqual(['delete_a', { id: 'half-a' }])
    expect(situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
  })

  test('keeps what is good and waits for a person when the goal says so', async () => {
    const { situation, requests } = await run({ script: { ...world, 'b.create_b': [failure('declined')] } })
    expect(situation.status).toBe('waiting')
    const [wait] = situation.waits.values()
    expect(wait?.facts).toEqual(['b.thing'])
    expect(wait?.choices.map(({ choice }) => choice)).toEqual(['retry', 'change', 'accept', 'undo'])
    expect(called(requests)).not.toContain('a.delete_a')
    expect(situation.tasks.get('c')?.status).toBe('succeeded')
  })

  test.each([
    ['retry', 'succeeded', ['b.create_b']],
    ['accept', 'succeeded', []],
    ['undo', 'failed', ['a.delete_a']],
  ] as const)('goes on as a person answered: %s', async (choice, status, after) => {
    const script = { ...world, 'b.create_b': [failure('declined'), ok({ id: 'b1', state: 'good' })] }
    const waiting = await run({ script })
    const [wait] = waiting.situation.waits.values()
    await waiting.journal.append('11111111-1111-7111-8111-111111111111', [
      { type: 'wait_ended', data: { wait_id: wait?.wait_id ?? '', choice, by: 'local:me' } },
    ])
    const { situation, requests } = await run({
      journal: waiting.journal,
      script: world,
      decide: (now) => planOnce(abc)(now, 2),
    })
    expect(situation.status).toBe(status)
    expect(called(requests)).toEqual(after)
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
    await stopped.journal.append('11111111-1111-7111-8111-111111111111', [
      { type: 'wait_ended', data: { wait_id: wait?.wait_id ?? '', choice: 'extend', by: 'local:me' } },
    ])
    const { situation, requests } = await run({
      goal: small,
      journal: stopped.journal,
      decide: (now) => decide(now, 2),
    })
    expect(called(requests)).toEqual(['c.send_c'])
    expect(situation.status).toBe('succeeded')
  })

  test('a cancelled run lets calls in flight settle, then undoes them', async () => {
    const { situation, requests } = await run({
      beforeCall: ({ tool }, cancel) => tool === 'create_a' && cancel({ by: 'local:me' }),
    })
    expect(called(requests)).toEqual(['a.create_a', 'a.delete_a'])
    expect(situation.status).toBe('cancelled')
    expect(situation.compensation?.status).toBe('complete')
  })

  test('settles as uncertain what an earlier process had started', async () => {
    const first = await run({})
    const cut = first.journal.events.findIndex(({ type }) => type === 'call_settled')
    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    journal.events.push(...first.journal.events.slice(0, cut))
    const { situation, requests } = await run({ journal, decide: (now) => planOnce(abc)(now, 2) })
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

  describe('a call whose server asked the network for what it may not have', () => {
    const tried = {
      protocol: 'http' as const,
      host: 'api.example:443',
      method: 'DELETE',
      path: '/everything',
      bytes_out: 0,
      bytes_in: 0,
      ms: 0,
      attribution: 'exact' as const,
      denied: 'no tool in flight declares DELETE of this path',
    }
    const egress = { 'a.create_a': [tried] }

    test('is recorded with it, and the run goes on', async () => {
      const { situation } = await run({ egress })
      expect(situation.status).toBe('succeeded')
      expect([...situation.calls.values()].find(({ tool }) => tool === 'create_a')?.egress).toEqual([tried])
    })

    test('ends the run where the policy says so, and what was done is undone', async () => {
      const { situation, requests } = await run({ egress, policy: policyOf([], 'stop') })
      expect(situation.cancel_requested).toEqual({
        by: 'policy:on_denied_egress',
        why: 'a.create_a asked for DELETE at api.example:443: no tool in flight declares DELETE of this path',
      })
      expect(situation.status).toBe('cancelled')
      expect(called(requests)).toEqual(['a.create_a', 'a.delete_a'])
    })
  })

  describe('a held call', () => {
    const hold = holding('c.send_c')
    const decideOn = async (waiting: Awaited<ReturnType<typeof run>>, choice: string) => {
      const [wait] = waiting.situation.waits.values()
      await waiting.journal.append('11111111-1111-7111-8111-111111111111', [
        { type: 'wait_ended', data: { wait_id: wait?.wait_id ?? '', choice, by: 'local:me' } },
      ])
      return wait
    }

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
      const wait = await decideOn(waiting, 'approve')
      const { situation, requests } = await run({
        policy: hold,
        journal: waiting.journal,
        decide: (now) => planOnce(abc)(now, 2),
      })
      expect(called(requests)).toEqual(['c.send_c'])
      expect(situation.status).toBe('succeeded')
      const call = [...situation.calls.values()].find(({ tool }) => tool === 'send_c')
      expect(call?.approval_id).toBe(wait?.wait_id)
      expect(situation.tasks.get('c')?.approval).toBeUndefined()
    })

    test('is made under its approval though the first attempt never happened', async () => {
      const waiting = await run({ policy: hold })
      await decideOn(waiting, 'approve')
      const { situation, requests } = await run({
        policy: hold,
        journal: waiting.journal,
        decide: (now) => planOnce(abc)(now, 2),
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
      await decideOn(waiting, 'approve')
      const { situation, requests } = await run({
        policy: hold,
        journal: waiting.journal,
        decide: (now) => planOnce(abc)(now, 2),
      })
      expect(requests).toEqual([])
      expect(situation.status).toBe('waiting')
    })

    test('is never made once denied', async () => {
      const waiting = await run({ policy: hold })
      await decideOn(waiting, 'deny')
      const { situation, requests } = await run({
        policy: hold,
        journal: waiting.journal,
        decide: (now) => planOnce(abc)(now, 2),
      })
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
      const { situation, journal } = await run({
        policy: hold,
        journal: waiting.journal,
        decide: (now) => planOnce(abc)(now, 2),
      })
      expect(journal.events.find(({ type }) => type === 'wait_ended')).toMatchObject({
        data: { choice: 'deny', by: 'deadline' },
      })
      expect(situation.tasks.get('c')?.status).toBe('refused')
    })
  })

  test('tells people while it waits, and takes the notice for no evidence, no effect to undo, and no failure to retry', async () => {
    const notice = [{ ...task('told', 'c.send_c', { to: 'ops' }), notice: true }]
    const giveUp = (now: Situation, nth: number): Decision => {
      const decision = planOnce(plan(task('a', 'a.create_a'), task('b', 'b.create_b')))(now, nth)
      return decision.kind === 'give_up' ? { ...decision, notice } : decision
    }
    const goals = goal(
      { 'a.thing': 'wait', 'b.thing': 'wait', 'c.thing': 'accept' },
      { on_trouble: { fact: 'c.thing', arguments: {} } },
    )
    const waiting = await run({
      goal: goals,
      decide: giveUp,
      script: { ...world, 'b.create_b': [failure('declined')] },
    })
    expect(waiting.situation.status).toBe('waiting')
    expect(waiting.situation.tasks.get('told')).toMatchObject({ status: 'succeeded', notice: true })
    expect(evidenceFor(waiting.situation).map(({ fact }) => fact)).toEqual(['a.thing'])

    const [wait] = waiting.situation.waits.values()
    await waiting.journal.append('11111111-1111-7111-8111-111111111111', [
      { type: 'wait_ended', data: { wait_id: wait?.wait_id ?? '', choice: 'undo', by: 'local:me' } },
    ])
    const undone = await run({ goal: goals, journal: waiting.journal, decide: giveUp })
    expect(undone.situation.compensation).toMatchObject({ status: 'complete', remaining: [] })
    expect(called(undone.requests)).toEqual(['a.delete_a'])
  })

  test('accepts a run without an outcome that the goal can do without, and says so', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo', 'c.thing': 'accept' }),
      decide: planOnce(plan(task('a', 'a.create_a'), task('c', 'c.send_c'))),
      script: { ...world, 'c.send_c': [failure('declined')] },
    })
    expect(situation.finished).toMatchObject({ status: 'succeeded', error: { code: 'task_failed' } })
    expect(situation.finished?.outcomes.map(({ fact }) => fact)).toEqual(['a.thing'])
  })
})
