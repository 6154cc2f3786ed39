import { describe, expect, test } from 'vitest'
import { catalogue, goal, type MemoryJournal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import { holding } from '../enforce/fixtures/policies.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import { localOperator } from '../model/decider.ts'
import type { Decision } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import { fold, type Situation } from '../model/situation.ts'
import { answer, decideApproval } from './answer.ts'
import { OvertakenError } from './parts.ts'
import { unmetFacts } from './unmet-facts.ts'

const runId = '11111111-1111-7111-8111-111111111111'
const make = { establishes: ['a.thing'], compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } } }
const before = catalogue({ a: [tool('make', make), tool('unmake', { effect: 'delete' })] })
/** The next version: the tool is described otherwise, takes one more argument, and its undo wants to know why. */
const after = catalogue({
  a: [
    tool('make', {
      ...make,
      fingerprint: 'sha256:next',
      input: { type: 'object', properties: { note: { type: 'string' } }, additionalProperties: true },
      compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' }, why: { $ref: '/output/why' } } },
    }),
    tool('unmake', { effect: 'delete' }),
  ],
})
const gone = catalogue({ a: [tool('unmake', { effect: 'delete' })] })

function decide(situation: Situation): Decision {
  const unmet = unmetFacts(situation)
  if (unmet.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no way' }
  return { kind: 'plan', tasks: [{ id: 'make', tool: 'a.make', arguments: {}, after: [], why: '' }], why: '' }
}

const clock = { now: () => new Date('2026-01-01T00:00:00Z') }
const declined: CallOutcome = { status: 'failed', failure: { kind: 'declined', message: 'no card' } }

/** A run that was left waiting by the earlier version, and what a person then said, as the next version finds it. */
async function waiting(options: { hold?: string[]; script?: Record<string, CallOutcome[]> }): Promise<MemoryJournal> {
  const { journal } = await rehearse({
    catalogue: before,
    goal: goal({ 'a.thing': 'wait' }),
    decide,
    policy: holding(...(options.hold ?? [])),
    ...(options.script ? { script: options.script } : {}),
  })
  return journal
}

function goOn(
  journal: MemoryJournal,
  next: Catalogue,
  more: { hold?: string[]; script?: Record<string, CallOutcome[]> } = {},
) {
  return rehearse({
    catalogue: next,
    // What the goal says by now is of no account: the run has its own.
    goal: goal({ 'b.other': 'undo' }),
    decide,
    journal,
    policy: holding(...(more.hold ?? [])),
    ...(more.script ? { script: more.script } : {}),
  })
}

describe('a run that waits', () => {
  test('goes on under the next version of its server and of its goal, and records which tool it called', async () => {
    const journal = await waiting({ script: { 'a.make': [declined] } })
    await answer(runId, { choice: 'retry', by: 'a person' }, { journal, clock })
    const { situation } = await goOn(journal, after)
    expect(situation.status).toBe('succeeded')
    const fingerprints = [...situation.calls.values()].map(({ fingerprint }) => fingerprint)
    expect(fingerprints).toEqual(['sha256:make', 'sha256:next'])
  })

  test('is undone as its plan was accepted, whatever the next version would do', async () => {
    const journal = await waiting({ script: { 'a.make': [{ ...declined, output: { id: 'x' } }] } })
    await answer(runId, { choice: 'undo', by: 'a person' }, { journal, clock })
    const { requests } = await goOn(journal, after)
    expect(requests.map(({ tool: name, arguments: args }) => [name, args])).toEqual([['unmake', { id: 'x' }]])
  })

  test('says so when the tool that it planned with is gone', async () => {
    const journal = await waiting({ script: { 'a.make': [declined] } })
    await answer(runId, { choice: 'retry', by: 'a person' }, { journal, clock })
    const { situation } = await goOn(journal, gone)
    expect(situation.status).toBe('waiting')
    expect(situation.tasks.get('make')?.failure).toMatchObject({ message: 'a.make is not a reviewed tool' })
  })

  test('asks again when the tool that was approved is another by now', async () => {
    const hold = ['a.make']
    const journal = await waiting({ hold })
    const [asked] = fold(journal.events).waits.keys()
    await decideApproval(
      runId,
      asked ?? '',
      { choice: 'approve', decider: localOperator('a person') },
      { journal, clock },
    )
    const { situation, requests } = await goOn(journal, after, { hold })
    expect(requests).toEqual([])
    expect([...situation.waits.values()][0]?.approval?.fingerprint).toBe('sha256:next')
    await expect(
      decideApproval(runId, asked ?? '', { choice: 'approve', decider: localOperator('a person') }, { journal, clock }),
    ).rejects.toThrow('not open any more')
  })
})

test('an answer is tried again when somebody else was quicker, and given up where it is not asked any more', async () => {
  const journal = await waiting({ script: { 'a.make': [declined] } })
  const desk = {
    clock,
    journal: {
      read: () => journal.read(),
      append: async () => {
        throw new OvertakenError('it has grown')
      },
    },
  }
  await expect(answer(runId, { choice: 'retry', by: 'a person' }, desk)).rejects.toThrow(OvertakenError)
  let attempts = 0
  const slower = {
    ...desk.journal,
    append: async (...appended: Parameters<typeof journal.append>) => {
      attempts += 1
      if (attempts === 1) throw new OvertakenError('it has grown')
      return journal.append(...appended)
    },
  }
  await answer(runId, { choice: 'accept', by: 'a person' }, { clock, journal: slower })
  expect(attempts).toBe(2)
  expect((await goOn(journal, before, { script: { 'a.make': [ok()] } })).situation.status).toBe('succeeded')
})
