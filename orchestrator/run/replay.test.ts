import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest } from '../../shared/json.ts'
import { catalogue, goal, MemoryJournal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import { planner } from '../decide/planner/planner.ts'
import { defaultPolicy } from '../enforce/fixtures/policies.ts'
import type { CallOutcome } from '../model/call.ts'
import { draft, type Event } from '../model/event.ts'
import { fold } from '../model/situation.ts'
import { workToInherit } from './fork.ts'
import { type ReplayParts, replay, replayDocument } from './replay.ts'

const servers = catalogue(
  Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [
      name,
      [
        tool('make', {
          establishes: [`${name}.thing`],
          compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
          lookup: { tool: 'find', arguments: {} },
          idempotency: name === 'a' ? 'none' : 'natural',
        }),
        tool('unmake', { effect: 'delete' }),
        tool('find', { effect: 'read' }),
      ],
    ]),
  ),
)
const parts: ReplayParts = { reasoner: planner, catalogue: servers, policy: defaultPolicy, digestArguments: digest }
const three = (onFailure: 'undo' | 'wait' | 'accept') =>
  goal({ 'a.thing': onFailure, 'b.thing': onFailure, 'c.thing': onFailure })

/** A run of the planner in memory. */
async function run(
  script: Record<string, CallOutcome[]>,
  onFailure: 'undo' | 'wait' | 'accept',
  journal?: MemoryJournal,
) {
  const { journal: made } = await rehearse({
    catalogue: servers,
    goal: three(onFailure),
    script,
    reasoner: planner,
    ...(journal ? { journal } : {}),
  })
  return made.events
}

const failed: CallOutcome = { status: 'failed', failure: { kind: 'declined', message: 'no' } }
const lost: CallOutcome = { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }
const later: CallOutcome = { status: 'failed', failure: { kind: 'unavailable', message: 'later' } }

describe('replay', () => {
  test('derives every run again, whatever happened in it', async () => {
    const outcomes = fc.array(fc.constantFrom(ok({ id: 1 }), failed, lost, later), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(outcomes, outcomes, outcomes),
        fc.constantFrom('undo' as const, 'wait' as const, 'accept' as const),
        async ([a, b, c], onFailure) => {
          const events = await run({ 'a.make': a, 'b.make': b, 'c.make': c }, onFailure)
          const { differences, derived, situation } = await replay(events, parts)
          expect(differences).toEqual([])
          expect(derived).toBeGreaterThan(0)
          expect(situation).toEqual(fold(events))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('names what does not follow: an event that was altered, by its place and field', async () => {
    const events = structuredClone(await run({}, 'wait'))
    const altered = events.findIndex(({ type }) => type === 'call_intended')
    const event = events[altered] as Extract<Event, { type: 'call_intended' }>
    event.data.arguments = { smuggled: true }
    const { differences } = await replay(events, parts)
    expect(differences).toEqual([
      {
        seq: event.seq,
        type: 'call_intended',
        fields: { '/arguments/smuggled': { recorded: true, now: null } },
      },
    ])
  })

  test('names a decision that would be another today', async () => {
    const events = await run({}, 'wait')
    const fewer = catalogue({ a: [tool('make', { establishes: ['a.thing'] })] })
    const { differences } = await replay(events, { ...parts, catalogue: fewer })
    expect(differences[0]).toMatchObject({
      type: 'decision_made',
      fields: { '/decision/kind': { recorded: 'plan', now: 'give_up' } },
    })
  })

  test('lets others of the process have their turn while it goes through a long run', async () => {
    const events = await run({}, 'wait')
    const [created] = events
    const noted = Array.from({ length: 200 }, (_, at) => ({ ...events.at(-1), seq: events.length + at + 1 }) as Event)
    let turns = 0
    let over = false
    const turn = () => {
      turns += 1
      if (!over) setImmediate(turn)
    }
    setImmediate(turn)
    await replay([created as Event, ...events.slice(1), ...noted], parts)
    over = true
    expect(turns).toBeGreaterThan(2)
  })

  test('takes what is sealed for one value, and hides it', async () => {
    const sealed = { $sealed: 'v1.aaaa.bbbb.cccc' }
    const events = (await run({}, 'wait')).map((event) =>
      event.type === 'call_intended' ? { ...event, data: { ...event.data, arguments: { name: sealed } } } : event,
    )
    const { differences } = replayDocument(await replay(events, parts))
    expect(differences).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ '/arguments/name': { recorded: '[sealed]', now: null } }),
      }),
    )
    expect(JSON.stringify(differences)).not.toContain('bbbb')
  })
})

describe('a fork', () => {
  test('starts with what stood there, plans only the rest, and undoes only its own', async () => {
    const events = await run({ 'b.make': [failed] }, 'wait')
    const work = workToInherit(fold(events))
    expect(work.tasks.map(({ tool: name }) => name)).toEqual(['a.make', 'c.make'])

    const journal = new MemoryJournal(() => new Date('2026-01-01'))
    const created = events[0] as Extract<Event, { type: 'run_created' }>
    await journal.append('11111111-1111-7111-8111-111111111111', [
      draft('run_created', { ...created.data, goal: three('undo') }),
      draft('work_inherited', work),
    ])
    const forked = fold(await run({ 'b.make': [ok({ id: 2 })] }, 'undo', journal))
    expect(forked.status).toBe('succeeded')
    expect(forked.finished?.outcomes).toHaveLength(3)
    expect([...forked.calls.values()].filter(({ inherited }) => !inherited)).toHaveLength(1)
    expect(forked.usage.tool_calls).toBe(1)

    const other = new MemoryJournal(() => new Date('2026-01-01'))
    await other.append('11111111-1111-7111-8111-111111111111', [
      draft('run_created', { ...created.data, goal: three('undo') }),
      draft('work_inherited', work),
    ])
    const undone = fold(await run({ 'b.make': [failed] }, 'undo', other))
    expect(undone.status).toBe('failed')
    expect(undone.compensation).toMatchObject({ calls: [], status: 'none' })
  })
})
