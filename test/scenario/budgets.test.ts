import fc from 'fast-check'
import { expect, test } from 'vitest'
import { remaining } from '../../orchestrator/enforce/budget.ts'
import type { CallOutcome } from '../../orchestrator/model/call.ts'
import type { Decision, Task } from '../../orchestrator/model/decision.ts'
import { evidenceFor } from '../../orchestrator/model/evidence.ts'
import { budgetSchema } from '../../orchestrator/model/goal.ts'
import { apply, fold, type Situation } from '../../orchestrator/model/situation.ts'
import { withSubGoals } from '../../orchestrator/model/sub-goals.ts'
import { unmetFacts } from '../../orchestrator/run/unmet-facts.ts'
import { catalogue, goal, ok, tool } from '../support/rehearsal.ts'
import { rehearseRuns } from '../support/rehearsed-runs.ts'

const names = ['a', 'b', 'c', 'd']
const servers = catalogue(
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
const small = goal(
  { 'a.thing': 'undo', 'b.thing': 'undo' },
  {
    goal: 'small',
    budget: budgetSchema.parse({ tool_calls: 6, compensation_calls: 4, model_calls: 4, tokens: 60, cost_usd: 1 }),
  },
)

const outcome = fc.constantFrom<CallOutcome>(
  ok(),
  { status: 'failed', failure: { kind: 'declined', message: 'no' } },
  { status: 'failed', failure: { kind: 'unavailable', message: 'later' } },
  { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } },
)

const world = fc.record({
  outcomes: fc.array(fc.array(outcome, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 4 }),
  onFailure: fc.constantFrom('undo' as const, 'wait' as const, 'accept' as const),
  after: fc.array(fc.array(fc.nat(3), { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
  fannedOut: fc.nat(4),
  subGoals: fc.nat(3),
  budget: fc.record({
    tool_calls: fc.integer({ min: 20, max: 60 }),
    compensation_calls: fc.integer({ min: 8, max: 30 }),
    concurrency: fc.integer({ min: 1, max: 5 }),
    server_concurrency: fc.integer({ min: 1, max: 3 }),
    model_calls: fc.integer({ min: 9, max: 30 }),
    tokens: fc.integer({ min: 150, max: 600 }),
    cost_usd: fc.integer({ min: 2, max: 9 }),
  }),
})

let called = 0

test('no limit of a budget is exceeded, by parallel tasks, lists, sub-goals, attempts or an undo', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ outcomes, onFailure, after, fannedOut, subGoals, budget }) => {
      const tasks: Task[] = names.map((name, index) => ({
        id: name,
        tool: `${name}.make`,
        arguments: {},
        after: (after[index] ?? []).flatMap((other) => (other < index ? [names[other] ?? 'a'] : [])),
        why: '',
        ...(name === 'd' ? { for_each: { ref: '/input/list', as: 'one', max: 4 } } : {}),
      }))
      const sub: Task = {
        id: 'sub',
        tool: 'goals.small',
        arguments: { input: {} },
        after: [],
        why: '',
        for_each: { ref: '/input/subs', as: 'one', max: 3 },
      }
      const decide = (situation: Situation): Decision => {
        const unmet = unmetFacts(situation)
        if (unmet.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
        if (situation.decisions.length > 0)
          return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no way' }
        const isSmall = situation.created.goal.goal === 'small'
        return { kind: 'plan', tasks: isSmall ? tasks.slice(0, 2) : [...tasks, sub], why: '' }
      }
      const runs = rehearseRuns({
        catalogue: withSubGoals(servers, [small]),
        goals: [small],
        script: Object.fromEntries(names.map((name, index) => [`${name}.make`, outcomes[index] ?? [ok()]])),
        decide,
      })
      const limits = budgetSchema.parse(budget)
      const facts = Object.fromEntries([
        ...names.map((name) => [`${name}.thing`, onFailure]),
        ['goals.small', onFailure],
      ])
      const runId = await runs.create(goal(facts, { budget: limits }), {
        list: Array.from({ length: fannedOut }, (_, index) => index),
        subs: Array.from({ length: subGoals }, (_, index) => index),
      })
      await runs.pursue(runId)
      called += runs.requests.length
      for (const each of [runId, ...runs.childrenOf(runId)]) expectWithin(runs.events(each))
    }),
    { numRuns: 120 },
  )
  // Most of these plans fit their budget: something was there to be counted.
  expect(called).toBeGreaterThan(50)
}, 120_000)

/** Holds at every place of the record, not only at the end. */
function expectWithin(events: Parameters<typeof fold>[0]): void {
  const [first, ...rest] = [...events]
  if (!first) return
  const situation = fold([first])
  for (const event of rest) {
    const before = remaining(situation)
    apply(situation, event)
    if (event.type !== 'call_intended') continue
    const { usage, reserved, budget, unsettled, calls } = situation
    expect(usage.tool_calls + reserved.tool_calls).toBeLessThanOrEqual(budget.tool_calls)
    expect(usage.compensation_calls + reserved.compensation_calls).toBeLessThanOrEqual(budget.compensation_calls)
    expect(reserved.model_calls).toBeLessThanOrEqual(Math.max(before.model_calls, budget.model_calls))
    expect(reserved.tokens + usage.input_tokens + usage.output_tokens).toBeLessThanOrEqual(budget.tokens)
    expect(usage.cost_usd + reserved.cost_usd).toBeLessThanOrEqual(budget.cost_usd)
    if (event.data.purpose === 'compensation') continue
    const servers = [...unsettled].map((id) => calls.get(id)?.server)
    expect(servers.length).toBeLessThanOrEqual(budget.concurrency)
    for (const server of servers)
      expect(servers.filter((other) => other === server).length).toBeLessThanOrEqual(budget.server_concurrency)
  }
}
