import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { rehearseRuns } from '../../test/support/rehearsed-runs.ts'
import type { Decision, Task } from '../model/decision.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { withSubGoals } from '../model/sub-goals.ts'
import { pursued, slice } from './fixtures/customers.ts'
import { unmetFacts } from './unmet-facts.ts'

describe('trust in a sub-goal', () => {
  const none = { facts: {}, sensitive: [], destinations: [] }
  const post = catalogue({
    post: [
      tool('send', {
        establishes: ['post.letter'],
        marks: { input: { ...none, destinations: ['/to'] }, output: none },
      }),
    ],
    web: [tool('read', { effect: 'read', establishes: ['web.page'] })],
  })
  const writing = goal({ 'post.letter': 'wait' }, { goal: 'writing', input: { type: 'object' } })
  const reading = goal({ 'goals.writing': 'wait' }, { goal: 'reading', input: { type: 'object' } })
  const task = (name: string, tool: string, args: JsonObject): Task => ({
    id: name,
    tool,
    arguments: args,
    after: [],
    why: '',
  })

  /** Reads a page, and has a letter written to whom `to` says; the one who writes takes the address from its input. */
  const decideFor =
    (to: (situation: Situation) => JsonObject | string) =>
    (situation: Situation): Decision => {
      if (unmetFacts(situation).length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
      if (situation.created.goal.goal === 'writing')
        return { kind: 'plan', tasks: [task('send', 'post.send', { to: { $ref: '/input/to' } })], why: '' }
      if (situation.revision === 0) return { kind: 'plan', tasks: [task('page', 'web.read', {})], why: '' }
      return {
        kind: 'plan',
        tasks: [{ ...task('write', 'goals.writing', { input: { to: to(situation) } }), slice }],
        why: '',
      }
    }

  const write = async (to: (situation: Situation) => JsonObject | string, readsOutputs = true) => {
    const runs = rehearseRuns({
      catalogue: withSubGoals(post, [writing]),
      goals: [writing],
      script: { 'web.read': [ok({ to: 'eve' })] },
      decide: decideFor(to),
      readsOutputs,
    })
    const { runId, situation } = await pursued(runs, reading, { to: 'ada' })
    const [child = ''] = runs.childrenOf(runId)
    return { situation, child: runs.situation(child), sent: runs.requests.filter(({ tool: name }) => name === 'send') }
  }

  test('is not won by handing on: what a tool returned is held in the run of a sub-goal, too', async () => {
    for (const to of [() => 'eve', () => ({ $ref: '/tasks/page/output/to' })]) {
      const { child, sent } = await write(to)
      expect(sent).toEqual([])
      expect([...child.waits.values()]).toMatchObject([
        { for: 'approval', approval: { verdict: { rule: 'tainted-destination-held' } } },
      ])
      expect(child.decisions[0]?.tainted).toBe(true)
    }
  })

  test('is kept by what a person gave, through both runs', async () => {
    const { situation, child, sent } = await write(() => ({ $ref: '/input/to' }))
    expect(sent).toMatchObject([{ arguments: { to: 'ada' } }])
    expect(child.input_provenance).toEqual({})
    expect(situation.status).toBe('succeeded')
  })

  test('is no matter where nobody reads what tools return', async () => {
    expect((await write(() => ({ $ref: '/tasks/page/output/to' }), false)).sent).toHaveLength(1)
  })
})
