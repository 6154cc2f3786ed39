import { expect, test } from 'vitest'
import { catalogue, goal, ok, rehearse, tool } from '../test/support/rehearsal.ts'
import { parsePolicy } from './load-policy.ts'
import type { Decision } from './model/decision.ts'
import type { Event } from './model/event.ts'
import { TrialStoppedError, tryPolicyApart } from './policy-trial.ts'
import { trialDocument, tryPolicy } from './run/try-policy.ts'

const tools = catalogue({ a: [tool('make', { establishes: ['a.thing'] })] })
const limits = { patienceMs: 20_000, memory: 64 }

function decide({ revision }: { revision: number }): Decision {
  if (revision > 0) return { kind: 'give_up', code: 'task_failed', facts: ['a.thing'], issues: [], why: 'no way' }
  // What makes an expression that looks for it go back and forth without end.
  const subject = `${'a'.repeat(60)}!`
  return { kind: 'plan', tasks: [{ id: 'make', tool: 'a.make', arguments: { subject }, after: [], why: '' }], why: '' }
}

async function events(): Promise<readonly Event[]> {
  const { journal } = await rehearse({
    catalogue: tools,
    goal: goal({ 'a.thing': 'accept' }),
    decide,
    script: { 'a.make': [ok({ id: 'x' })] },
  })
  return journal.events
}

const denying = (when: string, reason = 'no') =>
  `rules: [{ name: mine, when: ${JSON.stringify(when)}, verdict: deny, reason: ${JSON.stringify(reason)} }]`

async function* times(count: number) {
  for (let time = 0; time < count; time++) yield await events()
}

test('says the same apart as here', async () => {
  const text = denying('tool == "a.make"')
  const here = tryPolicy(await events(), { catalogue: tools, policy: parsePolicy(text, 'policy', tools) })
  const apart = await tryPolicyApart({ policy: text, catalogue: tools }, times(1), limits)
  expect(apart).toEqual(trialDocument(1, here))
  expect(apart.otherwise).toHaveLength(1)
})

test.each<[string, string, Partial<typeof limits>]>([
  ['a pattern that is tried without end', denying('arguments.subject.matches("^(a+)+$")'), { patienceMs: 2_000 }],
  [
    'a list that grows without end',
    denying(`${'[0,1,2,3,4,5,6,7,8,9].map(x, '.repeat(9)}x${')'.repeat(9)}.size() > 0`),
    { patienceMs: 5_000 },
  ],
  ['a reason that is too long to be told', denying('true', '{tool} '.repeat(30_000).repeat(5)), {}],
])('stops at %s, while others go on', async (_, policy, less) => {
  let others = 0
  const ticking = setInterval(() => {
    others += 1
  }, 20)
  try {
    await expect(tryPolicyApart({ policy, catalogue: tools }, times(6), { ...limits, ...less })).rejects.toBeInstanceOf(
      TrialStoppedError,
    )
    expect(others).toBeGreaterThan(5)
  } finally {
    clearInterval(ticking)
  }
})

test('tells what went wrong with the reading of the runs', async () => {
  const lost = async function* (): AsyncGenerator<readonly Event[]> {
    yield await events()
    throw new Error('the record is away')
  }
  await expect(tryPolicyApart({ policy: denying('true'), catalogue: tools }, lost(), limits)).rejects.toThrow(
    'the record is away',
  )
})
