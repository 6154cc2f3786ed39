import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { type RehearsedRunsOptions, rehearseRuns } from '../../test/support/rehearsed-runs.ts'
import type { CallOutcome, CallRequest } from '../model/call.ts'
import type { Decision, Task } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { withSubGoals } from '../model/sub-goals.ts'
import { documentOf } from './document.ts'

const one = goal({ 'crm.customer': 'wait' }, { goal: 'one' })
const everyone = goal(
  { 'goals.one': 'accept' },
  {
    goal: 'everyone',
    input: {
      type: 'object',
      properties: { people: { type: 'array', items: { properties: { who: { fact: 'people.name' } } } } },
    },
  },
)
const each: Task = {
  id: 'each',
  tool: 'goals.one',
  arguments: { input: { $ref: '/person' } },
  after: [],
  why: '',
  for_each: { ref: '/input/people', as: 'person', max: 3 },
  slice: { budget: { tool_calls: 5, compensation_calls: 5, model_calls: 5, tokens: 100, cost_usd: 1 } },
}
const make: Task = { id: 'make', tool: 'crm.make', arguments: { id: { $ref: '/input/who' } }, after: [], why: '' }

const servers = catalogue({
  crm: [tool('make', { establishes: ['crm.customer'], marks: { input: marks(), output: marks({ '/id': 'crm.id' }) } })],
})

function marks(facts: Record<string, string> = {}) {
  return { facts, sensitive: [], destinations: [] }
}

function decide(situation: Situation): Decision {
  const { goal: name, outcomes } = situation.created.goal
  const evidence = evidenceFor(situation)
  if (evidence.length === outcomes.length) return { kind: 'finish', outcomes: evidence, why: '' }
  if (situation.revision > 0)
    return { kind: 'give_up', code: 'task_failed', facts: outcomes.map(({ fact }) => fact), issues: [], why: 'no way' }
  return { kind: 'plan', tasks: [name === 'everyone' ? each : make], why: '' }
}

/** Two people, of whom one is refused where `refuse` says so. */
async function documents(refuse: string | undefined, more: Partial<RehearsedRunsOptions> = {}) {
  const refused: CallOutcome = { status: 'failed', failure: { kind: 'declined', message: 'no' } }
  const respond = ({ arguments: { id } }: CallRequest) => (id === refuse ? refused : ok({ id: String(id) }))
  const runs = rehearseRuns({
    catalogue: withSubGoals(servers, [one]),
    goals: [one],
    decide,
    script: { 'crm.make': respond },
    ...more,
  })
  const runId = await runs.create(everyone, { people: [{ who: 'Ann' }, { who: 'Bob' }] } as JsonObject)
  const situation = await runs.pursue(runId)
  if (!situation) throw new Error('the pursuit was stopped')
  const children = runs.childrenOf(runId)
  return {
    runId,
    children,
    situation,
    situations: new Map(children.map((id) => [id, runs.situation(id)])),
    document: documentOf(situation),
    ofChild: children.map((id) => documentOf(runs.situation(id))),
  }
}

describe('the document of a run with sub-goals', () => {
  test('names the run of each, its task, its goal, how it stands, and what its item is called', async () => {
    const { document, children, runId, ofChild } = await documents(undefined)
    expect(document.children).toEqual([
      { run_id: children[0], task_id: 'each/0', goal: 'one', status: 'succeeded', item: 'Ann' },
      { run_id: children[1], task_id: 'each/1', goal: 'one', status: 'succeeded', item: 'Bob' },
    ])
    expect(document).not.toHaveProperty('parent')
    expect(ofChild[0]?.parent).toEqual({ run_id: runId, call_id: children[0], depth: 1 })
    expect(ofChild[0]?.children).toEqual([])
  })

  test('says how each stands by its own record, where that is ahead', async () => {
    const { situation, children, situations } = await documents(undefined)
    const [first = ''] = children
    const ahead = new Map([[first, { ...situation, status: 'cancelled' as const }]])
    expect(documentOf(situation, ahead).children.map(({ status }) => status)).toEqual(['cancelled', 'succeeded'])
    expect(documentOf(situation, situations)).toEqual(documentOf(situation))
  })

  test('has what exists because of each, as a list', async () => {
    const { document, children } = await documents(undefined)
    expect(document.result).toEqual({
      'goals.one': [
        { run_id: children[0], result: { 'crm.id': 'Ann' } },
        { run_id: children[1], result: { 'crm.id': 'Bob' } },
      ],
    })
  })

  test('has of a list that was gone on without only what exists', async () => {
    const undoing = { ...one, outcomes: one.outcomes.map((outcome) => ({ ...outcome, on_failure: 'undo' as const })) }
    const { document, children } = await documents('Bob', {
      catalogue: withSubGoals(servers, [undoing]),
      goals: [undoing],
    })
    expect(document.status).toBe('succeeded')
    expect(document.children.map(({ status }) => status)).toEqual(['succeeded', 'failed'])
    expect(document.result).toEqual({ 'goals.one': [{ run_id: children[0], result: { 'crm.id': 'Ann' } }] })
  })

  test('says which of them waits, and what it asks', async () => {
    const { document, children, ofChild } = await documents('Bob')
    expect(document.children.map(({ status }) => status)).toEqual(['succeeded', 'waiting'])
    expect(document.waiting).toMatchObject({
      for: 'child',
      child_run: children[1],
      task_id: 'each/1',
      question: ofChild[1]?.waiting?.question,
      choices: [],
    })
    expect(ofChild[1]?.waiting).toMatchObject({ for: 'answer', otherwise: 'accept', until: expect.any(String) })
  })
})
