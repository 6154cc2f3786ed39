import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { catalogue, goal, ok, tool } from '../../test/support/rehearsal.ts'
import { type RehearsedRunsOptions, rehearseRuns } from '../../test/support/rehearsed-runs.ts'
import type { CallOutcome, CallRequest } from '../model/call.ts'
import type { Decision, Task } from '../model/decision.ts'
import type { Event } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Goal } from '../model/goal.ts'
import type { Situation } from '../model/situation.ts'
import { withSubGoals } from '../model/sub-goals.ts'
import { documentOf } from './document.ts'
import { unmetFacts } from './unmet-facts.ts'

const servers = catalogue({
  crm: [
    tool('make', {
      establishes: ['crm.customer'],
      compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } },
    }),
    tool('unmake', { effect: 'delete' }),
  ],
  bill: [
    tool('start', { establishes: ['bill.subscription'], compensation: { tool: 'stop', arguments: {} } }),
    tool('stop', { effect: 'delete' }),
  ],
  list: [tool('read', { effect: 'read', establishes: ['list.names'] })],
})
const slice = { budget: { tool_calls: 5, compensation_calls: 5, model_calls: 5, tokens: 100, cost_usd: 1 } }

/** One customer: made, then billed; what cannot be had waits for a person. */
const customer = goal(
  { 'crm.customer': 'undo', 'bill.subscription': 'wait' },
  {
    goal: 'customer',
    input: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' } },
      additionalProperties: false,
    },
  },
)
const names = ['Ann', 'Bob', 'Cid']
const everyone = goal({ 'goals.customer': 'wait' }, { goal: 'everyone' })
const input = { people: names.map((name) => ({ name })) }

const each: Task = {
  id: 'each',
  tool: 'goals.customer',
  arguments: { input: { $ref: '/person' } },
  after: [],
  why: '',
  for_each: { ref: '/input/people', as: 'person', max: 5 },
  slice,
}

function decide(situation: Situation): Decision {
  const unmet = unmetFacts(situation)
  if (unmet.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no way' }
  if (situation.created.goal.goal === 'everyone') return { kind: 'plan', tasks: [each], why: '' }
  const make = { id: 'make', tool: 'crm.make', arguments: { name: { $ref: '/input/name' } }, after: [], why: '' }
  const bill = {
    id: 'bill',
    tool: 'bill.start',
    arguments: { name: { $ref: '/input/name' } },
    after: ['make'],
    why: '',
  }
  return { kind: 'plan', tasks: [make, bill], why: '' }
}

function world(more: Partial<RehearsedRunsOptions> = {}) {
  return rehearseRuns({ catalogue: withSubGoals(servers, [customer]), goals: [customer], decide, ...more })
}

const refused: CallOutcome = { status: 'failed', failure: { kind: 'declined', message: 'no card' } }
const id = ({ arguments: args }: CallRequest): CallOutcome => ok({ id: String((args as JsonObject).name) })
const unless = (name: string, otherwise: CallOutcome) => (request: CallRequest) =>
  (request.arguments as JsonObject).name === name ? otherwise : id(request)

async function pursued(runs: ReturnType<typeof world>, asked: Goal = everyone, given: JsonObject = input) {
  const runId = await runs.create(asked, given)
  const situation = await runs.pursue(runId)
  if (!situation) throw new Error('the pursuit was stopped')
  return { runId, situation }
}

describe('a list of sub-goals', () => {
  test('is one run for each item, and is evidence once all have succeeded', async () => {
    const runs = world({ script: { 'crm.make': id } })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('succeeded')
    const children = runs.childrenOf(runId).map((child) => runs.situation(child))
    expect(children.map(({ status, input: given }) => [status, given.name])).toEqual(
      names.map((name) => ['succeeded', name]),
    )
    expect(situation.tasks.get('each')?.output).toEqual(
      children.map(({ run_id }) => expect.objectContaining({ run_id })),
    )
    expect(runs.requests.filter((request) => request.tool === 'make')).toHaveLength(3)
  })

  test('is watched whole: every event of each run, once and in the order of its own record', async () => {
    const runs = world({ script: { 'crm.make': id } })
    const runId = await runs.create(everyone, input)
    const told = new Map<string, number[]>()
    const onEvent = ({ run_id, seq }: Event) => told.set(run_id, [...(told.get(run_id) ?? []), seq])
    await runs.pursue(runId, { onEvent })
    for (const id of [runId, ...runs.childrenOf(runId)]) {
      const recorded = runs.events(id).flatMap(({ type, seq }) => (type === 'run_created' ? [] : [seq]))
      expect(told.get(id)).toEqual(recorded)
    }
  })

  test('one failure harms no other, and a retry is for what failed alone', async () => {
    let broken = true
    const runs = world({
      script: { 'crm.make': (request) => (broken ? unless('Bob', refused)(request) : id(request)) },
    })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('waiting')
    expect([...situation.tasks.values()].map(({ id: task, status }) => [task, status])).toEqual([
      ['each', 'failed'],
      ['each/0', 'succeeded'],
      ['each/1', 'failed'],
      ['each/2', 'succeeded'],
    ])
    expect(situation.tasks.get('each')?.failure?.message).toContain('1 of 3 failed')
    expect(evidenceFor(situation)).toEqual([])

    broken = false
    await runs.answer(runId, { choice: 'retry' })
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    const made = runs.requests.filter(({ tool: name }) => name === 'make').map(({ arguments: args }) => args.name)
    expect(made).toEqual(['Ann', 'Bob', 'Cid', 'Bob'])
    expect(runs.childrenOf(runId)).toHaveLength(4)
  })

  test('waits with a sub-goal that asks a person, and goes on once that was answered', async () => {
    let broken = true
    const runs = world({
      script: { 'crm.make': id, 'bill.start': (request) => (broken ? unless('Cid', refused)(request) : id(request)) },
    })
    const { runId, situation } = await pursued(runs)
    expect(situation.status).toBe('waiting')
    const [wait] = situation.waits.values()
    const asks = runs.childrenOf(runId)[2] ?? ''
    expect(wait).toMatchObject({ for: 'child', child_run: asks, task_id: 'each/2' })
    expect(documentOf(situation).waiting?.for).toBe('child')
    await expect(runs.answer(runId, { choice: 'retry' })).rejects.toThrow(asks)

    broken = false
    await runs.answer(asks, { choice: 'retry' })
    await runs.pursue(asks)
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
  })

  test('is watched with its sub-goals: every event of every run is told once, in order', async () => {
    const heard = new Map<string, number[]>()
    const runs = world({ script: { 'crm.make': id } })
    const runId = await runs.create(everyone, input)
    await runs.pursue(runId, {
      onEvent: ({ run_id, seq }) => void heard.set(run_id, [...(heard.get(run_id) ?? []), seq]),
    })
    for (const each of [runId, ...runs.childrenOf(runId)])
      expect(heard.get(each)).toEqual(
        runs
          .events(each)
          .slice(1)
          .map(({ seq }) => seq),
      )
  })

  test('hears of an answer to a sub-goal while others are under way', async () => {
    let broken = true
    let runId = ''
    const runs = world({
      script: { 'crm.make': id, 'bill.start': (request) => (broken ? unless('Ann', refused)(request) : id(request)) },
      beforeCall: async ({ tool: name, arguments: args }) => {
        if (name !== 'start' || args.name !== 'Cid') return
        const asks = runs.childrenOf(runId)[0] ?? ''
        await until(() => runs.situation(asks).status === 'waiting')
        broken = false
        await runs.answer(asks, { choice: 'retry' })
        await runs.pursue(asks)
      },
    })
    runId = await runs.create(everyone, input)
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.childrenOf(runId)).toHaveLength(3)
  })
})

async function until(holds: () => boolean): Promise<void> {
  for (let look = 0; look < 1_000 && !holds(); look++) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('the end of the whole', () => {
  test('a cancel undoes the runs under way and those that had succeeded', async () => {
    let runId = ''
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: async ({ tool: name, arguments: args }) => {
        if (name === 'start' && args.name === 'Cid') {
          await until(() => succeeded(runId) === 2)
          await runs.cancel(runId)
        }
      },
    })
    const succeeded = (parent: string) =>
      runs.childrenOf(parent).filter((child) => runs.situation(child).status === 'succeeded').length
    runId = await runs.create(everyone, input)
    const situation = await runs.pursue(runId)
    expect(situation?.status).toBe('cancelled')
    expect(situation?.compensation?.status).toBe('complete')
    expect(runs.childrenOf(runId).map((child) => runs.situation(child).status)).toEqual(names.map(() => 'cancelled'))
    const undone = runs.requests.filter(({ tool: name }) => name === 'unmake').map(({ arguments: args }) => args.id)
    expect(undone.sort()).toEqual(names)
  })

  test('what a sub-goal could not undo is named by the run that it is a part of', async () => {
    const undoing = goal({ 'goals.customer': 'undo' }, { goal: 'everyone' })
    const broken: CallOutcome = { status: 'failed', failure: { kind: 'internal', message: 'stuck' } }
    const runs = world({
      script: {
        'crm.make': unless('Bob', refused),
        'crm.unmake': (request) => (request.arguments.id === 'Ann' ? broken : ok()),
      },
    })
    const { situation } = await pursued(runs, undoing)
    expect(situation.status).toBe('failed')
    expect(situation.compensation?.status).toBe('partial')
    expect(situation.compensation?.remaining).toEqual([
      expect.objectContaining({ tool: 'goals.customer', why: expect.stringContaining('crm.make: stuck') }),
    ])
  })

  test('a pursuit that ends in the middle leaves its sub-goals to the next, which makes none twice', async () => {
    const stop = new AbortController()
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: ({ tool: name, arguments: args }) => {
        if (name === 'start' && args.name === 'Bob') stop.abort()
      },
    })
    const runId = await runs.create(everyone, input)
    expect(await runs.pursue(runId, { signal: stop.signal })).toBeUndefined()
    expect((await runs.pursue(runId))?.status).toBe('succeeded')
    expect(runs.childrenOf(runId)).toHaveLength(3)
  })
})

describe('what a sub-goal may use', () => {
  test('is set aside whole while it runs, and what it did not spend comes back', async () => {
    let reserved = 0
    let runId = ''
    const runs = world({
      script: { 'crm.make': id },
      beforeCall: () => {
        reserved = Math.max(reserved, runs.situation(runId).reserved.tool_calls)
      },
    })
    runId = await runs.create(everyone, input)
    const situation = await runs.pursue(runId)
    expect(reserved).toBe(15)
    expect(situation?.reserved.tool_calls).toBe(0)
    expect(situation?.usage).toMatchObject({ tool_calls: 6, model_calls: 8 })
  })

  test('is no more than its parent has: a plan that would need more is refused', async () => {
    const poor = goal(
      { 'goals.customer': 'wait' },
      { goal: 'everyone', budget: { ...everyone.budget, tool_calls: 24 } },
    )
    const runs = world()
    const { situation } = await pursued(runs, poor)
    expect(situation.decisions[0]?.problems?.[0]?.message).toBe('25 calls are planned and the budget leaves 24')
  })

  test('are the tools that its parent and its slice both allow', async () => {
    const limited = goal({ 'goals.customer': 'accept' }, { goal: 'everyone', tools: ['goals.*', 'crm.*', 'list.*'] })
    const runs = world({
      script: { 'crm.make': id },
      decide: (situation) => {
        const decision = decide(situation)
        if (decision.kind !== 'plan' || decision.tasks[0]?.id !== 'each') return decision
        return { ...decision, tasks: [{ ...each, slice: { ...slice, tools: ['crm.make', 'bill.*'] } }] }
      },
    })
    const { runId } = await pursued(runs, limited)
    const [child] = runs.childrenOf(runId).map((one) => runs.situation(one))
    expect(child?.created.goal.tools).toEqual(['crm.make'])
    expect(child?.decisions[0]?.problems?.[0]?.message).toContain('bill.start is none of the tools of this run')
  })
})

describe('a list', () => {
  const listed = goal({ 'crm.customer': 'wait' }, { goal: 'listed' })
  const read = { id: 'read', tool: 'list.read', arguments: {}, after: [], why: '' }
  const make: Task = {
    id: 'make',
    tool: 'crm.make',
    arguments: { name: { $ref: '/who' } },
    after: [],
    why: '',
    for_each: { ref: '/tasks/read/output/names', as: 'who', max: 3 },
  }
  const over = (list: unknown, more: Partial<RehearsedRunsOptions> = {}) =>
    world({
      script: { 'crm.make': id, 'list.read': [ok({ names: list } as JsonObject)] },
      decide: (situation) => {
        const decision = decide(situation)
        return decision.kind === 'plan' ? { kind: 'plan', tasks: [read, make], why: '' } : decision
      },
      ...more,
    })

  test('that a tool returns becomes one call for each item, and one ordered output', async () => {
    const runs = over(['x', 'y'])
    const { situation } = await pursued(runs, listed, {})
    expect(situation.status).toBe('succeeded')
    expect(situation.tasks.get('make')?.output).toEqual([{ id: 'x' }, { id: 'y' }])
    expect(situation.finished?.outcomes).toHaveLength(1)
  })

  test.each([
    ['too long', ['a', 'b', 'c', 'd'], 'has 4 items; at most 3 may run'],
    ['not one', 'a', 'is no list'],
  ])('that is %s is refused before anything is called', async (_, list, why) => {
    const runs = over(list)
    const { situation } = await pursued(runs, listed, {})
    expect(situation.tasks.get('make')?.failure?.issues?.[0]?.message).toContain(why)
    expect(runs.requests.map(({ tool: name }) => name)).toEqual(['read'])
  })

  test('that is empty establishes nothing', async () => {
    const { situation } = await pursued(over([]), listed, {})
    expect(situation.tasks.get('make')).toMatchObject({ status: 'succeeded', output: [] })
    expect(situation.status).toBe('waiting')
  })

  test('no more calls than the budget of one server allows are under way at once', async () => {
    let now = 0
    let most = 0
    const narrow = goal(
      { 'crm.customer': 'wait' },
      { goal: 'listed', budget: { ...listed.budget, server_concurrency: 2 } },
    )
    const runs = over(['a', 'b', 'c'], {
      beforeCall: async ({ server }) => {
        if (server !== 'crm') return
        now += 1
        most = Math.max(most, now)
        await new Promise((resolve) => setTimeout(resolve, 5))
        now -= 1
      },
    })
    expect((await pursued(runs, narrow, {})).situation.status).toBe('succeeded')
    expect(most).toBe(2)
  })
})

describe('trust', () => {
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
