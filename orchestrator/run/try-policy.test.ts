import { expect, test } from 'vitest'
import { catalogue, goal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import { defaultPolicy, holding } from '../enforce/fixtures/policies.ts'
import { policyOf } from '../enforce/policy/policy.ts'
import type { Decision } from '../model/decision.ts'
import type { Situation } from '../model/situation.ts'
import { isOtherwise, tryPolicy } from './try-policy.ts'
import { unmetFacts } from './unmet-facts.ts'

const tools = catalogue({
  a: [tool('make', { establishes: ['a.thing'] })],
  b: [tool('tell', { establishes: ['b.told'] })],
})

function decide(situation: Situation): Decision {
  const facts = unmetFacts(situation)
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'no way' }
  const make = { id: 'make', tool: 'a.make', arguments: { seats: 5 }, after: [], why: '' }
  const tell = { id: 'tell', tool: 'b.tell', arguments: { id: { $ref: '/tasks/make/output/id' } }, after: [], why: '' }
  return { kind: 'plan', tasks: [make, tell], why: '' }
}

async function eventsUnder(policy = defaultPolicy) {
  const { journal } = await rehearse({
    catalogue: tools,
    goal: goal({ 'a.thing': 'accept' }),
    decide,
    policy,
    script: { 'a.make': [ok({ id: 'x' })] },
  })
  return journal.events
}

const seatsDenied = policyOf([
  { name: 'few', when: 'has(arguments.seats)', verdict: 'deny', reason: 'no seats', four_eyes: false },
])

test('judges every call of the plan again, with the arguments and their origins as they were', async () => {
  const fromTools = policyOf([
    {
      name: 'seen',
      when: '"tool:a.make" in origins',
      verdict: 'hold',
      reason: 'r',
      four_eyes: false,
    },
  ])
  const trials = tryPolicy(await eventsUnder(), { catalogue: tools, policy: fromTools })
  expect(trials.map(({ tool, now }) => [tool, now.verdict])).toEqual([
    ['a.make', 'allow'],
    ['b.tell', 'hold'],
  ])
  expect(trials.filter(isOtherwise).map(({ task_id }) => task_id)).toEqual(['tell'])
})

test('finds nothing otherwise under the policy that the run was made under', async () => {
  for (const policy of [defaultPolicy, holding('a.make'), seatsDenied]) {
    const trials = tryPolicy(await eventsUnder(policy), { catalogue: tools, policy })
    expect(trials.length).toBeGreaterThan(0)
    expect(trials.filter(isOtherwise)).toEqual([])
  }
})

test('judges what was held or denied, too, though it was never called', async () => {
  const held = tryPolicy(await eventsUnder(holding('a.make')), { catalogue: tools, policy: defaultPolicy })
  expect(held.filter(isOtherwise)).toMatchObject([
    { task_id: 'make', recorded: { verdict: 'hold' }, now: { verdict: 'allow' } },
  ])
  const denied = tryPolicy(await eventsUnder(seatsDenied), { catalogue: tools, policy: defaultPolicy })
  expect(denied.filter(isOtherwise)).toMatchObject([
    { task_id: 'make', recorded: { rule: 'few' }, now: { verdict: 'allow' } },
  ])
})
