import { expect, test } from 'vitest'
import { catalogue, goal, ok, rehearse, tool } from '../test/support/rehearsal.ts'
import { planner } from './decide/planner/planner.ts'
import { defaultPolicy } from './enforce/fixtures/policies.ts'
import type { ProblemError } from './http/problem.ts'
import { type LookBackParts, openLookBack } from './open-look-back.ts'

const tools = catalogue({ a: [tool('make', { establishes: ['a.thing'] })] })
const { journal: rehearsed } = await rehearse({
  catalogue: tools,
  goal: goal({ 'a.thing': 'wait' }),
  reasoner: planner,
  script: { 'a.make': [ok({ id: 'x' })] },
})
const tenant = String(rehearsed.events[0]?.tenant)
const runId = String(rehearsed.events[0]?.run_id)

/** Only what is asked of a record here. */
function lookBack(parts: Partial<LookBackParts> = {}) {
  const record = {
    journal: { read: async () => [...rehearsed.events] },
    queries: { run: async () => ({ run_id: runId }), listRuns: async () => ({ runs: [{ run_id: runId }] }) },
  } as unknown as LookBackParts['record']
  return openLookBack({ record, catalogue: tools, policy: defaultPolicy, ...parts })
}

const runs = { from: '2026-01-01T00:00:00Z', limit: 1 }
const policy = 'rules: [{ name: mine, when: "tool == \\"a.make\\"", verdict: deny, reason: no }]'

const kindOf = (error: unknown) => (error as ProblemError).kind

test('rules that cost too much are told so, as a fault of theirs', async () => {
  const limited = lookBack({ limits: { patienceMs: 0, memory: 64 } })
  const refused: ProblemError = await limited.tryPolicy(tenant, { policy, runs }).catch((error) => error)
  expect(refused).toMatchObject({ kind: 'invalid_input', issues: [{ path: '/policy' }] })
})

test('two policies are tried at once, and whoever comes then is asked to come again', async () => {
  const shared = lookBack()
  const tries = await Promise.allSettled([1, 2, 3].map(() => shared.tryPolicy(tenant, { policy, runs })))
  expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(tries.flatMap((each) => ('reason' in each ? kindOf(each.reason) : []))).toEqual(['rate_limited'])
  expect(await shared.tryPolicy(tenant, { policy, runs })).toMatchObject({ runs: 1, calls: 1 })
})

test('a run that the journal has for somebody else is not there', async () => {
  await expect(lookBack().replay('eve', runId)).rejects.toMatchObject({ kind: 'not_found' })
  await expect(lookBack().tryPolicy('eve', { policy, runs })).rejects.toMatchObject({ kind: 'not_found' })
  expect(await lookBack().replay(tenant, runId)).toMatchObject({ status: 'succeeded', differences: [] })
})
