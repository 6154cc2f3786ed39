import { describe, expect, test } from 'vitest'
import type { FailureKind } from '../../shared/failure.ts'
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
import type { CallOutcome } from '../model/call.ts'
import { localOperator } from '../model/decider.ts'
import type { Decision } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import { digestSealed } from '../model/seal.ts'
import { fold, type Situation } from '../model/situation.ts'
import { decideApproval } from './answer.ts'
import { documentOf } from './document.ts'
import { nextStep } from './next-step.ts'
import { unmetFacts } from './unmet-facts.ts'

const runId = '11111111-1111-7111-8111-111111111111'
const tools = catalogue({
  a: [
    tool('make', {
      establishes: ['a.thing'],
      compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
    }),
    tool('unmake', { effect: 'delete' }),
  ],
  b: [tool('make', { establishes: ['b.thing'] })],
  keyed: [
    tool('make', {
      establishes: ['keyed.thing'],
      idempotency: { keyed: '24h' },
      lookup: { tool: 'find', arguments: {} },
    }),
    tool('find', { effect: 'read' }),
  ],
  mail: [
    tool('send', { establishes: ['mail.sent'], idempotency: 'none', lookup: { tool: 'find', arguments: {} } }),
    tool('find', { effect: 'read' }),
  ],
})

const emptyMarks = { facts: {}, sensitive: [], destinations: [] }
const task = (id: string, toolId: string, args: object = {}, after: string[] = []) => ({
  id,
  tool: toolId,
  arguments: args as Record<string, never>,
  after,
  why: '',
})
const plan = (...tasks: ReturnType<typeof task>[]): Decision => ({ kind: 'plan', tasks, why: '' })
const failure = (kind: FailureKind, more: object = {}): CallOutcome => ({
  status: 'failed',
  failure: { kind, message: kind, ...more },
})
const lost: CallOutcome = { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }

function planOnce(first: Decision, more: Partial<Extract<Decision, { kind: 'give_up' }>> = {}) {
  return (situation: Situation, nth: number): Decision => {
    if (nth === 1 && situation.revision === 0) return first
    const facts = unmetFacts(situation)
    if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
    return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'a task failed', ...more }
  }
}

const run = (options: Partial<RehearsalOptions> & Pick<RehearsalOptions, 'goal' | 'decide'>) =>
  rehearse({ catalogue: tools, ...options })

const called = (requests: { server: string; tool: string }[]) => requests.map(({ server, tool }) => `${server}.${tool}`)

/** The journal with one more answer of a person, given `later` milliseconds after its last event. */
async function answered(journal: MemoryJournal, situation: Situation, choice: string, later = 0) {
  const [wait] = situation.waits.values()
  const last = Date.parse(journal.events.at(-1)?.at ?? '')
  const next = new MemoryJournal(() => new Date(last + later))
  next.events.push(...journal.events)
  await next.append(runId, [{ type: 'wait_ended', data: { wait_id: wait?.wait_id ?? '', choice, by: 'local:me' } }])
  return next
}

/** The journal as it would read had everything happened this much earlier. */
function earlier(journal: MemoryJournal, ms: number): MemoryJournal {
  const moved = new MemoryJournal(() => new Date('2026-01-01'))
  const at = (instant: string) => new Date(Date.parse(instant) - ms).toISOString()
  const instants = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
  moved.events.push(...JSON.parse(JSON.stringify(journal.events).replace(instants, at)))
  return moved
}

describe('what may never be called', () => {
  test('a lookup that would change something', async () => {
    const wiping = catalogue({
      x: [
        tool('make', { establishes: ['x.thing'], idempotency: 'none', lookup: { tool: 'wipe', arguments: {} } }),
        tool('wipe', { effect: 'delete' }),
      ],
    })
    const { situation, requests } = await run({
      catalogue: wiping,
      goal: goal({ 'x.thing': 'wait' }),
      decide: planOnce(plan(task('x', 'x.make'))),
      script: { 'x.make': [lost] },
    })
    expect(called(requests)).toEqual(['x.make'])
    expect(situation.tasks.get('x')).toMatchObject({ status: 'refused', failure: { kind: 'denied' } })
  })

  test('a delete in the name of undoing what no create made', async () => {
    const wiping = catalogue({
      x: [
        tool('change', { effect: 'update', establishes: ['x.thing'], compensation: { tool: 'wipe', arguments: {} } }),
        tool('wipe', { effect: 'delete' }),
      ],
      b: [tool('make', { establishes: ['b.thing'] })],
    })
    const { situation, requests } = await run({
      catalogue: wiping,
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('x', 'x.change'), task('b', 'b.make', {}, ['x']))),
      script: { 'b.make': [failure('declined')] },
    })
    expect(called(requests)).toEqual(['x.change', 'b.make'])
    expect(situation.compensation).toMatchObject({ status: 'partial', remaining: [{ tool: 'x.change' }] })
  })

  test('more lookups than the budget has calls for', async () => {
    const { requests } = await run({
      goal: goal({ 'mail.sent': 'wait' }, { budget: { ...goal({ 'a.thing': 'wait' }).budget, tool_calls: 1 } }),
      decide: planOnce(plan(task('mail', 'mail.send'))),
      script: { 'mail.send': [lost] },
    })
    expect(called(requests)).toEqual(['mail.send'])
  })

  test('a tool in the name of telling people, when the goal does not tell them by it', async () => {
    const notice = [{ ...task('sneak', 'a.make'), notice: true }]
    const { requests, situation } = await run({
      goal: goal({ 'b.thing': 'wait' }, { on_trouble: { fact: 'mail.sent', arguments: {} } }),
      decide: planOnce(plan(task('b', 'b.make')), { notice }),
      script: { 'b.make': [failure('declined')] },
    })
    expect(situation.status).toBe('waiting')
    expect(called(requests)).toEqual(['b.make'])
  })
})

describe('the undo', () => {
  test('takes back what a plan calls a notice', async () => {
    const { situation, requests } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan({ ...task('a', 'a.make'), notice: true } as never, task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [ok({ id: '1' })], 'b.make': [failure('declined')] },
    })
    expect(called(requests)).toEqual([])
    expect(situation.decisions[0]?.problems).toMatchObject([{ path: '/tasks/0/notice' }])
  })

  test('names an uncertain call whose later attempts failed', async () => {
    const { situation } = await run({
      goal: goal({ 'a.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [lost, failure('unavailable')] },
    })
    expect(situation.compensation).toMatchObject({ status: 'partial', remaining: [{ tool: 'a.make' }] })
  })

  test('leaves alone what a lookup proved absent', async () => {
    const { situation } = await run({
      goal: goal({ 'mail.sent': 'undo' }),
      decide: planOnce(plan(task('mail', 'mail.send'))),
      script: { 'mail.send': [lost, failure('declined')], 'mail.find': [failure('not_found')] },
    })
    expect(situation.compensation).toMatchObject({ status: 'none', remaining: [] })
  })

  test('undoes once what several attempts under one key returned', async () => {
    const bad = { ...failure('unsatisfied'), output: { id: '1' } } as CallOutcome
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({ goal: goals, decide: planOnce(plan(task('a', 'a.make'))), script: { 'a.make': [bad] } })
    const again = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting.journal, waiting.situation, 'retry'),
      script: { 'a.make': [bad] },
    })
    expect(again.requests[0]?.idempotency_key).toBe(waiting.requests[0]?.idempotency_key)
    const undone = await run({
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(again.journal, again.situation, 'undo'),
    })
    expect(called(undone.requests)).toEqual(['a.unmake'])
    expect(undone.situation.compensation).toMatchObject({ status: 'complete' })
  })

  test('takes a repeat that no key protected for an effect of its own', async () => {
    const blind = catalogue({ x: [tool('make', { establishes: ['x.thing'], idempotency: 'none' })] })
    const goals = goal({ 'x.thing': 'wait' })
    const decide = planOnce(plan(task('x', 'x.make')))
    const waiting = await run({ catalogue: blind, goal: goals, decide, script: { 'x.make': [lost] } })
    const again = await run({
      catalogue: blind,
      goal: goals,
      decide,
      journal: await answered(waiting.journal, waiting.situation, 'retry'),
      beforeCall: (_, cancel) => cancel({ by: 'local:me' }),
    })
    expect(again.situation.compensation?.remaining).toHaveLength(2)
  })

  test('takes back what a lookup found and the tool does not call good', async () => {
    const judged = catalogue({
      x: [
        tool('make', {
          establishes: ['x.thing'],
          idempotency: 'none',
          expect: 'output.size == arguments.size',
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const found = (size: number) =>
      run({
        catalogue: judged,
        goal: goal({ 'x.thing': 'undo' }),
        decide: planOnce(plan(task('x', 'x.make', { size: 2 }))),
        script: { 'x.make': [lost], 'x.find': [ok({ id: '1', size })] },
      })
    expect((await found(2)).situation.status).toBe('succeeded')
    const { situation, requests } = await found(1)
    expect(requests.at(-1)).toMatchObject({ tool: 'unmake', arguments: { id: '1' } })
    expect(situation.compensation?.status).toBe('complete')
  })

  test('waits until a lost attempt can have no effect any more, or that would come after its undo', async () => {
    const { journal } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [lost, ok({ id: '1' })], 'b.make': [failure('declined')] },
    })
    const intended = journal.events.flatMap((event) => (event.type === 'call_intended' ? [event] : []))
    const [first] = intended
    const undo = intended.find(({ data }) => data.purpose === 'compensation')
    expect(undo && first && undo.at >= first.data.deadline).toBe(true)
  })

  test('waits as long though a lookup found what an earlier attempt had done', async () => {
    const undoable = catalogue({
      x: [
        tool('make', {
          establishes: ['x.thing'],
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const { journal, situation } = await run({
      catalogue: undoable,
      goal: goal({ 'x.thing': 'wait' }),
      decide: planOnce(plan(task('x', 'x.make'))),
      script: { 'x.make': [lost], 'x.find': [ok({ id: '1' })] },
      beforeCall: ({ tool }, cancel) => tool === 'make' && cancel({ by: 'local:me' }),
    })
    const intended = journal.events.flatMap((event) => (event.type === 'call_intended' ? [event] : []))
    const last = intended.findLast(({ data }) => data.tool === 'make')
    const undo = intended.find(({ data }) => data.purpose === 'compensation')
    expect(undo && last && undo.at >= last.data.deadline).toBe(true)
    expect(situation.compensation?.status).toBe('complete')
  })

  test('is not over while its last call is in flight, though the reserve is used up', async () => {
    const { situation } = await run({
      goal: goal({ 'b.thing': 'undo' }, { budget: { ...goal({ 'b.thing': 'undo' }).budget, compensation_calls: 2 } }),
      decide: planOnce(plan(task('a', 'a.make'), task('a2', 'a.make', {}, ['a']), task('b', 'b.make', {}, ['a2']))),
      script: {
        'a.make': [ok({ id: '1' }), ok({ id: '2' })],
        'a.unmake': [failure('declined'), ok()],
        'b.make': [failure('declined')],
      },
    })
    expect([...situation.calls.values()].every(({ outcome }) => outcome !== undefined)).toBe(true)
    expect(situation.compensation?.remaining?.map(({ call_id }) => situation.calls.get(call_id)?.task_id)).toEqual([
      'a2',
    ])
  })

  test.each([
    ['looks up', 'keyed', ['keyed.make', 'keyed.find', 'keyed.unmake']],
    ['repeats', 'a', ['a.make', 'a.make', 'a.unmake']],
  ])('%s what may have happened before a cancel', async (_, server, expected) => {
    const undoable = catalogue({
      a: [...(tools.servers.get('a')?.tools ?? [])],
      keyed: [
        tool('make', {
          establishes: ['keyed.thing'],
          idempotency: { keyed: '24h' },
          lookup: { tool: 'find', arguments: {} },
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
        }),
        tool('find', { effect: 'read' }),
        tool('unmake', { effect: 'delete' }),
      ],
    })
    const { requests, situation } = await run({
      catalogue: undoable,
      goal: goal({ [`${server}.thing`]: 'wait' }),
      decide: planOnce(plan(task('t', `${server}.make`))),
      script: { [`${server}.make`]: [lost, ok({ id: '1' })], 'keyed.find': [ok({ id: '1' })] },
      beforeCall: ({ tool }, cancel) => tool === 'make' && cancel({ by: 'local:me' }),
    })
    expect(called(requests)).toEqual(expected)
    expect(situation.compensation?.status).toBe('complete')
  })

  test('goes on when a person cancels in the middle of it', async () => {
    const { situation } = await run({
      goal: goal({ 'b.thing': 'undo' }),
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', {}, ['a']))),
      script: { 'a.make': [ok({ id: '1' })], 'b.make': [failure('declined')] },
      beforeCall: ({ tool }, cancel) => tool === 'unmake' && cancel({ by: 'local:me' }),
    })
    expect(situation.compensation?.status).toBe('complete')
    expect(situation.finished).toBeDefined()
  })

  test('closes the question that the run waited on', async () => {
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [failure('declined')] },
    })
    expect(documentOf(waiting.situation).waiting).toBeDefined()
    await waiting.journal.append(runId, [{ type: 'cancel_requested', data: { by: 'local:me' } }])
    const { situation } = await run({ goal: goals, decide: planOnce(plan()), journal: waiting.journal })
    expect(situation.status).toBe('cancelled')
    expect(documentOf(situation).waiting).toBeUndefined()
  })
})

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
      journal: await answered(waiting.journal, waiting.situation, 'retry'),
    })
    expect(requests[0]?.idempotency_key).toBe(waiting.requests[0]?.idempotency_key)
  })

  test('a person who asks again gets the same key while an earlier attempt left something', async () => {
    const goals = goal({ 'b.thing': 'wait' })
    const decide = planOnce(plan(task('b', 'b.make')))
    const script = { 'b.make': [failure('internal', { done: { id: '1' } })] }
    const waiting = await run({ goal: goals, decide, script })
    const journal = await answered(waiting.journal, waiting.situation, 'retry')
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
      journal: await answered(waiting.journal, waiting.situation, 'retry'),
    })
    expect(called(requests)).toEqual(['mail.find'])
    expect(situation.status).toBe('succeeded')
  })

  test('a person who asks again gets another key once the vendor said no under the first, whatever was lost before', async () => {
    const goals = goal({ 'keyed.thing': 'wait' })
    const decide = planOnce(plan(task('k', 'keyed.make')))
    const waiting = await run({ goal: goals, decide, script: { 'keyed.make': [lost, failure('declined')] } })
    const journal = await answered(waiting.journal, waiting.situation, 'retry')
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
    const journal = await answered(waiting.journal, waiting.situation, 'retry')
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
    const journal = await answered(earlier(waiting.journal, 48 * 3_600_000), waiting.situation, 'retry')
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

describe('the loop', () => {
  test('takes an interrupted reasoner for undecided, not for one that gave up', async () => {
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

  test('does not wake for what is due and has no room', async () => {
    const goals = goal({ 'a.thing': 'wait', 'b.thing': 'wait' })
    const { journal } = await run({
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make'))),
      script: { 'a.make': [failure('unavailable')] },
    })
    const settled = journal.events.find((event) => event.type === 'call_settled' && event.data.next.do === 'retry')
    const situation = fold(journal.events.slice(0, settled?.seq))
    expect([...situation.tasks.values()].map(({ status }) => status)).toEqual(['retrying', 'running'])
    situation.budget.concurrency = 1
    const due = situation.tasks.get('a')?.next?.at ?? ''
    expect(nextStep(situation, new Date(Date.parse(due) - 1))).toEqual({ do: 'pause', until: due })
    expect(nextStep(situation, new Date(due))).toEqual({ do: 'pause' })
  })

  test('takes the choices of a reasoner for words, whatever they say', async () => {
    const decide = (_: Situation, nth: number): Decision =>
      nth === 1
        ? { kind: 'ask', question: 'How far?', choices: ['extend', 'undo'], why: '' }
        : { kind: 'give_up', code: 'no_plan', facts: [], issues: [], why: '' }
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({ goal: goals, decide })
    for (const choice of ['extend', 'undo']) {
      const { events } = await answered(waiting.journal, waiting.situation, choice)
      expect(fold(events)).toMatchObject({ budget: goals.budget, waits: new Map() })
      expect(fold(events).undo_requested).toBeUndefined()
    }
  })

  test('stays tainted by a decision, whoever decides after it', async () => {
    const mailing = catalogue({
      mail: [
        tool('send', {
          establishes: ['mail.sent'],
          marks: { input: { facts: {}, sensitive: [], destinations: ['/to'] }, output: emptyMarks },
        }),
      ],
    })
    const goals = goal({ 'mail.sent': 'wait' })
    const waiting = await run({
      catalogue: mailing,
      goal: goals,
      decide: planOnce(plan(task('mail', 'mail.send', { to: 'made-up@example.test' }))),
      script: { 'mail.send': [failure('declined')] },
    })
    const journal = await answered(waiting.journal, waiting.situation, 'retry')
    const [planned] = journal.events.flatMap((event) => (event.type === 'decision_made' ? [event] : []))
    if (planned) planned.data.tainted = true
    const { requests, situation } = await run({ catalogue: mailing, goal: goals, decide: planOnce(plan()), journal })
    expect(requests).toEqual([])
    expect(situation.tasks.get('mail')?.status).toBe('held')
  })

  test('records that a run still waits when one of its two questions was answered', async () => {
    const { journal } = await run({
      goal: goal({ 'a.thing': 'wait', 'b.thing': 'wait' }),
      decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make'))),
      policy: holding('a.make', 'b.make'),
    })
    const changes: unknown[] = []
    const [approval] = fold(journal.events).waits.keys()
    await decideApproval(
      runId,
      approval ?? '',
      { choice: 'approve', decider: localOperator('local:me') },
      {
        journal: {
          read: () => journal.read(),
          append: async (_run, _drafts, change) => {
            changes.push(change)
            return []
          },
        },
        clock: { now: () => new Date('2026-01-01') },
      },
    )
    expect(changes).toEqual([{ status: 'waiting', wake_at: '2026-01-01T00:00:00.000Z' }])
  })
})

describe('evidence and results', () => {
  test('a read is no evidence for an outcome that has to be made', async () => {
    const reading = catalogue({ a: [tool('find', { effect: 'read', establishes: ['a.thing'] })] })
    const { situation } = await run({
      catalogue: reading,
      goal: goal({ 'a.thing': 'wait' }),
      decide: planOnce(plan(task('a', 'a.find'))),
    })
    expect(situation.status).toBe('waiting')
    expect(evidenceFor(situation)).toEqual([])
    const existing = goal(
      { 'a.thing': 'wait' },
      { outcomes: [{ fact: 'a.thing', on_failure: 'wait', existing: true }] },
    )
    const taken = await run({ catalogue: reading, goal: existing, decide: planOnce(plan(task('a', 'a.find'))) })
    expect(taken.situation.status).toBe('succeeded')
  })

  test('the result is what the run made, not what it told people', async () => {
    const talking = catalogue({
      a: [tool('make', { establishes: ['a.thing'] })],
      chat: [
        tool('post', {
          establishes: ['chat.message'],
          marks: {
            input: { facts: {}, sensitive: [], destinations: [] },
            output: { facts: { '/id': 'chat.id' }, sensitive: [], destinations: [] },
          },
        }),
      ],
    })
    const goals = goal(
      { 'a.thing': 'wait', 'chat.message': 'wait' },
      { on_trouble: { fact: 'chat.message', arguments: {} } },
    )
    const notice = [{ ...task('told', 'chat.post'), notice: true }]
    const waiting = await run({
      catalogue: talking,
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'), task('post', 'chat.post')), { notice }),
      script: { 'a.make': [failure('declined')], 'chat.post': [ok({ id: 'real' }), ok({ id: 'notice' })] },
    })
    const { situation } = await run({
      catalogue: talking,
      goal: goals,
      decide: planOnce(plan()),
      journal: await answered(waiting.journal, waiting.situation, 'retry'),
    })
    expect(situation.finished).toMatchObject({ status: 'succeeded', result: { 'chat.id': 'real' } })
  })
})

describe('time', () => {
  test('is not used up while a person thinks', async () => {
    const goals = goal({ 'a.thing': 'wait' })
    const waiting = await run({
      goal: goals,
      decide: planOnce(plan(task('a', 'a.make'))),
      script: { 'a.make': [failure('declined')] },
    })
    const journal = await answered(waiting.journal, waiting.situation, 'retry', 48 * 3_600_000)
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

test('an output that only looks sealed fails its task, not the run', async () => {
  const { situation } = await run({
    goal: goal({ 'a.thing': 'accept', 'b.thing': 'wait' }),
    decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make', { x: { $ref: '/tasks/a/output/id' } }))),
    script: { 'a.make': [ok({ id: { $sealed: 'forged' } })] },
  })
  expect(situation.tasks.get('b')?.status).toBe('refused')
  expect(digestSealed({ x: { $sealed: 'forged' } })).toMatch(/^sha256:/)
})
