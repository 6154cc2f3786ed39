import { describe, expect, test } from 'vitest'
import { catalogue, goal, type MemoryJournal, rehearse, runId, tool } from '../../test/support/rehearsal.ts'
import { holding } from '../enforce/fixtures/policies.ts'
import { policyOf } from '../enforce/policy/policy.ts'
import { localOperator } from '../model/decider.ts'
import type { Decision } from '../model/decision.ts'
import { draft } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import { fold, type Situation } from '../model/situation.ts'
import { decideApproval, NotEntitledError } from './answer.ts'
import { run } from './fixtures/makers.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'
import { unmetFacts } from './unmet-facts.ts'

const tools = catalogue({ a: [tool('make', { establishes: ['a.thing'] })] })
const options = {
  catalogue: tools,
  goal: goal({ 'a.thing': 'wait' }),
  decide(situation: Situation): Decision {
    const facts = unmetFacts(situation)
    if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
    if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'no way' }
    return { kind: 'plan', tasks: [{ id: 'make', tool: 'a.make', arguments: {}, after: [], why: '' }], why: '' }
  },
  policy: policyOf([{ name: 'two-of-us', when: 'true', verdict: 'hold', reason: 'it is dear', four_eyes: true }]),
}
const clock = { now: () => new Date('2026-01-01T00:00:00Z') }

/** A run of `key:shop` that waits for the approval of its one call. */
async function held(principal?: string): Promise<{ journal: MemoryJournal; id: string }> {
  const { journal } = await rehearse(options)
  const [created] = journal.events
  if (created?.type === 'run_created' && principal !== undefined) created.data.principal = principal
  const [id = ''] = fold(journal.events).waits.keys()
  return { journal, id }
}

describe('an approval that needs four eyes', () => {
  test('is refused to who asked, and nothing is recorded', async () => {
    const { journal, id } = await held('key:shop')
    const before = journal.events.length
    const own = { choice: 'approve', decider: localOperator('key:shop') } as const
    await expect(decideApproval(runId, id, own, { journal, clock })).rejects.toThrow(NotEntitledError)
    expect(journal.events.length).toBe(before)
  })

  test('is refused to who changed what is asked for, as well', async () => {
    const { journal, id } = await held('key:shop')
    const question = { for: 'answer' as const, question: 'What now?', facts: ['a.thing'] }
    const choices = [{ choice: 'change', title: 'change the input' }]
    await journal.append(runId, [
      draft('wait_started', { ...question, wait_id: 'asked', choices }),
      draft('wait_ended', { wait_id: 'asked', choice: 'change', by: 'key:eve', input: {} }),
    ])
    const eve = { choice: 'approve', decider: localOperator('key:eve') } as const
    await expect(decideApproval(runId, id, eve, { journal, clock })).rejects.toThrow('somebody else than key:shop and')
    const other = { choice: 'approve', decider: localOperator('local:ada') } as const
    await decideApproval(runId, id, other, { journal, clock })
  })

  test('is refused to everybody where nobody knows who asked', async () => {
    const { journal, id } = await held()
    const somebody = { choice: 'approve', decider: localOperator('local:ada') } as const
    await expect(decideApproval(runId, id, somebody, { journal, clock })).rejects.toThrow('does not say who')
  })

  test('is recorded with who decided and why, and lets the call happen', async () => {
    const { journal, id } = await held('key:shop')
    const other = { choice: 'approve', decider: localOperator('local:ada'), why: 'the contract is signed' } as const
    await decideApproval(runId, id, other, { journal, clock })
    expect(journal.events.at(-1)).toMatchObject({
      type: 'wait_ended',
      data: { wait_id: id, by: 'local:ada', why: 'the contract is signed' },
    })
    const { situation, requests } = await rehearse({ ...options, journal })
    expect(requests).toHaveLength(1)
    expect(situation.status).toBe('succeeded')
  })
})

test('an approval is refused to whoever lacks the right, four eyes or not', async () => {
  const { journal, id } = await held('key:shop')
  const decider = { principal: 'key:reporting', scopes: new Set(['runs:read']), ceiling: {} }
  await expect(decideApproval(runId, id, { choice: 'approve', decider }, { journal, clock })).rejects.toThrow(
    'approvals:decide',
  )
})

test('an approval is refused to whose own runs could not do it, and denied by them all the same', async () => {
  const { journal, id } = await held('key:shop')
  const decider = { ...localOperator('key:reporting'), ceiling: { effect: 'read' } as const }
  await expect(decideApproval(runId, id, { choice: 'approve', decider }, { journal, clock })).rejects.toThrow(
    'may not approve a.make: it is of the effect create',
  )
  await decideApproval(runId, id, { choice: 'deny', decider }, { journal, clock })
  expect(journal.events.at(-1)).toMatchObject({ type: 'wait_ended', data: { choice: 'deny' } })
})

test('an approval says by a digest what it is for, and one for other arguments covers nothing', async () => {
  const { journal, id } = await held('key:shop')
  const asked = journal.events.find((event) => event.type === 'wait_started')
  expect(asked).toMatchObject({ data: { approval: { digest: expect.stringMatching(/^sha256:/) } } })
  await decideApproval(runId, id, { choice: 'approve', decider: localOperator('local:ada') }, { journal, clock })
  await journal.append(runId, [
    draft('plan_accepted', {
      revision: 2,
      tasks: [{ id: 'make', tool: 'a.make', arguments: { seats: 2 }, after: [], why: '' }],
      tools: fold(journal.events).tools,
    }),
  ])
  const { situation, requests } = await rehearse({ ...options, journal })
  expect(requests).toEqual([])
  const [open] = situation.waits.values()
  expect(open?.approval?.arguments).toEqual({ seats: 2 })
})

test('an approval records that a run still waits when one of its two questions was answered', async () => {
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
