import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CallOutcome } from '../../orchestrator/model/call.ts'
import type { Event } from '../../orchestrator/model/event.ts'
import { evidenceFor } from '../../orchestrator/model/evidence.ts'
import { apply, fold } from '../../orchestrator/model/situation.ts'
import { unmetFacts } from '../../orchestrator/run/unmet-facts.ts'
import { catalogue, goal, ok, rehearse, tool } from '../support/rehearsal.ts'

const names = ['a', 'b', 'c', 'd']
const world = catalogue(
  Object.fromEntries(
    names.map((name) => [
      name,
      [
        tool('make', { establishes: [`${name}.thing`], compensation: { tool: 'unmake', arguments: {} } }),
        tool('unmake', { effect: 'delete' }),
      ],
    ]),
  ),
)

const outcome = fc.constantFrom<CallOutcome>(
  ok({ id: 1 }),
  { status: 'failed', failure: { kind: 'declined', message: 'no' } },
  { status: 'failed', failure: { kind: 'unavailable', message: 'later' } },
  { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } },
)

/** The journal of a run over up to four tasks, in a random graph, under random outcomes. */
async function journalOf(after: number[][], outcomes: CallOutcome[][], onFailure: ('undo' | 'wait' | 'accept')[]) {
  const tasks = names.map((name, index) => ({
    id: name,
    tool: `${name}.make`,
    arguments: {},
    after: (after[index] ?? []).filter((other) => other < index).map((other) => names[other] ?? 'a'),
    why: '',
  }))
  const { journal } = await rehearse({
    catalogue: world,
    goal: goal(Object.fromEntries(names.map((name, index) => [`${name}.thing`, onFailure[index] ?? 'undo']))),
    script: Object.fromEntries(names.map((name, index) => [`${name}.make`, outcomes[index] ?? [ok()]])),
    decide: (situation, nth) => {
      if (nth === 1) return { kind: 'plan', tasks, why: '' }
      const facts = unmetFacts(situation)
      if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
      return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: '' }
    },
  })
  return journal.events
}

const runs = fc.tuple(
  fc.array(fc.array(fc.nat(3)), { minLength: 4, maxLength: 4 }),
  fc.array(fc.array(outcome, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 4 }),
  fc.array(fc.constantFrom('undo' as const, 'wait' as const, 'accept' as const), { minLength: 4, maxLength: 4 }),
)

describe('fold', () => {
  test('takes events in pieces as it takes them whole, whatever happens in the run', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(), async ([after, outcomes, onFailure], cut) => {
        const events = await journalOf(after, outcomes, onFailure)
        const at = 1 + (cut % events.length)
        const situation = fold(events.slice(0, at))
        for (const event of events.slice(at)) apply(situation, event)
        expect(situation).toEqual(fold(events))
      }),
      { numRuns: 40 },
    )
  })

  test('every run comes to rest: ended or waiting, whole or clean or saying what is left', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ([after, outcomes, onFailure]) => {
        const situation = fold(await journalOf(after, outcomes, onFailure))
        expect(['succeeded', 'failed', 'waiting']).toContain(situation.status)
        for (const call of situation.calls.values()) expect(call.outcome).toBeDefined()
        if (situation.status !== 'failed') return
        const standing = [...situation.calls.values()].filter(
          ({ purpose, outcome, compensated_by }) =>
            purpose === 'task' && outcome?.status === 'succeeded' && compensated_by === undefined,
        )
        const told = situation.compensation?.remaining?.map(({ call_id }) => call_id) ?? []
        for (const { call_id } of standing) expect(told).toContain(call_id)
      }),
      { numRuns: 40 },
    )
  })

  test('refuses a journal that does not begin with run_created, or settles what was never intended', async () => {
    const events = await journalOf([], [], [])
    const settled = events.find(({ type }) => type === 'call_settled') as Event
    expect(() => fold([])).toThrow('at least one event')
    expect(() => fold(events.slice(1))).toThrow('not run_created')
    expect(() => fold([...events.slice(0, 1), settled])).toThrow('never intended')
    expect(() => fold([...events.slice(0, 1), ...events.slice(0, 1)])).toThrow('second run_created')
  })
})
