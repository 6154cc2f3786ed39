import { describe, expect, test } from 'vitest'
import { catalogue, goal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import { policyOf } from '../enforce/policy/policy.ts'
import { localOperator } from '../model/decider.ts'
import type { Decision, Task } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import { provenanceFrom } from '../model/input-provenance.ts'
import type { Situation } from '../model/situation.ts'
import { decideApproval } from './answer.ts'
import { answered } from './fixtures/answers.ts'
import { failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'
import { unmetFacts } from './unmet-facts.ts'

const marks = {
  input: { facts: {}, sensitive: [], destinations: ['/to'] },
  output: { facts: {}, sensitive: [], destinations: [] },
}
const tools = catalogue({ mail: [tool('send', { establishes: ['mail.sent'], marks })] })
const send: Task = { id: 'send', tool: 'mail.send', arguments: { to: { $ref: '/input/email' } }, after: [], why: '' }

function decide(situation: Situation): Decision {
  const facts = unmetFacts(situation)
  if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'no way' }
  return { kind: 'plan', tasks: [send], why: '' }
}

const input = { email: 'new@customer.test' }
const options = {
  catalogue: tools,
  goal: goal({ 'mail.sent': 'wait' }),
  decide,
  input,
  script: { 'mail.send': [ok()] },
}
const byTrigger = { ...options, input_provenance: provenanceFrom(input, 'trigger:signups') }
const clock = { now: () => new Date('2026-01-01T00:00:00Z') }

describe('a destination that came by a trigger', () => {
  test('is held by the rules that ship, and taints what was decided, whatever decides', async () => {
    const { situation, requests } = await rehearse(byTrigger)
    expect(requests).toEqual([])
    expect(situation.decisions[0]?.tainted).toBe(true)
    const [wait] = situation.waits.values()
    expect(wait?.approval?.verdict).toMatchObject({ verdict: 'hold', rule: 'tainted-destination-held' })
  })

  test('is let through by an operator who trusts exactly that trigger, and its provenance is recorded', async () => {
    const when = 'tool == "mail.send" && provenance["/to"] == ["trigger:signups"]'
    const policy = policyOf([{ name: 'signups', when, verdict: 'allow', reason: 'they asked', four_eyes: false }])
    const { situation } = await rehearse({ ...byTrigger, policy })
    expect(situation.status).toBe('succeeded')
    const [call] = situation.calls.values()
    expect(call).toMatchObject({ provenance: { '/to': ['trigger:signups'] }, verdict: { rule: 'signups' } })
    expect(
      (await rehearse({ ...options, input_provenance: provenanceFrom(input, 'trigger:other'), policy })).requests,
    ).toEqual([])
  })

  test('is mailed once a person approved it', async () => {
    const { journal, situation } = await rehearse(byTrigger)
    const [id = ''] = situation.waits.keys()
    const approved = { choice: 'approve', decider: localOperator('local:ada') } as const
    await decideApproval(situation.run_id, id, approved, { journal, clock })
    expect((await rehearse({ ...byTrigger, journal })).requests).toHaveLength(1)
  })
})

test('a destination that whoever started the run gave is held by no rule that ships', async () => {
  const { situation } = await rehearse(options)
  expect(situation.decisions[0]?.tainted).toBe(false)
  expect(situation.status).toBe('succeeded')
})

test('a run stays tainted by a decision, whoever decides after it', async () => {
  const goals = goal({ 'mail.sent': 'wait' })
  const waiting = await rehearse({
    catalogue: tools,
    goal: goals,
    decide: planOnce(plan(task('mail', 'mail.send', { to: 'made-up@example.test' }))),
    script: { 'mail.send': [failure('declined')] },
  })
  const journal = await answered(waiting, 'retry')
  const [planned] = journal.events.flatMap((event) => (event.type === 'decision_made' ? [event] : []))
  if (planned) planned.data.tainted = true
  const { requests, situation } = await rehearse({ catalogue: tools, goal: goals, decide: planOnce(plan()), journal })
  expect(requests).toEqual([])
  expect(situation.tasks.get('mail')?.status).toBe('held')
})
