import { expect, test } from 'vitest'
import type { FailureKind } from '../../../shared/failure.ts'
import type { Json } from '../../../shared/json.ts'
import { type Catalogue, contractOf, type Tool } from '../../model/catalogue.ts'
import type { Decision, Task } from '../../model/decision.ts'
import { type Draft, draft, type Event } from '../../model/event.ts'
import { goalSchema } from '../../model/goal.ts'
import { noLedger } from '../../model/model-call.ts'
import { fold } from '../../model/situation.ts'
import { planner } from './planner.ts'
import { sketchTool, toolsOf } from './tool-fixture.ts'

const createOrg = sketchTool('orgs.create_org', {
  effect: 'create',
  gives: { id: 'orgs.id' },
  establishes: ['orgs.org'],
})
const subscribe = sketchTool('billing.subscribe', {
  effect: 'create',
  needs: { org: 'orgs.id' },
  gives: { status: 'billing.status' },
  establishes: ['billing.subscription'],
})
const invoice = sketchTool('billing.invoice', {
  effect: 'update',
  needs: { org: 'orgs.id' },
  gives: { status: 'billing.status' },
  establishes: ['billing.subscription'],
})
const post = sketchTool('chat.post', { effect: 'create', needs: { text: 'chat.text' }, establishes: ['chat.message'] })

/** A run under way, told as its events. */
class Story {
  private readonly drafts: Draft[] = []
  private readonly tools: Tool[]

  constructor(tools: Tool[], outcomes: object[]) {
    this.tools = tools
    const goal = goalSchema.parse({
      goal: 'test',
      title: 'Test',
      input: { type: 'object' },
      outcomes,
      arguments: { 'chat.text': { $text: 'billing: {billing.status|none}' } },
    })
    const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
    this.drafts.push(draft('run_created', { goal, input: {}, mode: 'emulated', reasoner: 'planner', digests }))
  }

  /** Asks the planner, takes its plan as accepted, and returns the decision. */
  async decide(): Promise<Decision> {
    const { decision, usage } = await planner.decide(
      this.situation(),
      this.catalogue(),
      new AbortController().signal,
      noLedger,
    )
    expect(usage).toEqual({ model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 })
    this.add(draft('decision_made', { decision, reasoner: 'planner', tainted: false, usage, duration_ms: 1 }))
    if (decision.kind === 'plan') {
      const tools = Object.fromEntries(this.tools.map((tool) => [tool.id, contractOf(tool)]))
      this.add(draft('plan_accepted', { revision: this.situation().revision + 1, tasks: decision.tasks, tools }))
    }
    return decision
  }

  async plannedTools(): Promise<string[]> {
    return (await this.plannedTasks()).map(({ tool }) => tool)
  }

  async plannedTasks(): Promise<Task[]> {
    const decision = await this.decide()
    if (decision.kind !== 'plan') throw new Error(`no plan: ${JSON.stringify(decision)}`)
    return decision.tasks
  }

  succeed(task_id: string, output: Json): void {
    this.call(task_id, { status: 'succeeded', output })
  }

  fail(task_id: string, message: string, kind: FailureKind = 'declined'): void {
    this.call(task_id, { status: 'failed', failure: { kind, message } })
  }

  waive(fact: string): void {
    const wait = { for: 'answer' as const, question: '', choices: [], facts: [fact] }
    this.add(draft('wait_started', { wait_id: 'w', ...wait }))
    this.add(draft('wait_ended', { wait_id: 'w', choice: 'accept', by: 'ada' }))
  }

  refuseDecision(path: string): void {
    const decision_seq = this.situation().decisions.at(-1)?.seq ?? 0
    this.add(draft('decision_refused', { decision_seq, problems: [{ path, message: 'no' }] }))
  }

  undo(task_id: string): void {
    const compensates = `call_${task_id}`
    this.call(task_id, { status: 'succeeded', output: {} }, { call_id: 'undo', purpose: 'compensation', compensates })
  }

  private call(
    task_id: string,
    outcome: Extract<Draft, { type: 'call_settled' }>['data']['outcome'],
    more: object = {},
  ): void {
    const task = this.situation().tasks.get(task_id)
    const tool = this.tools.find(({ id }) => id === task?.tool)
    if (!tool) throw new Error(`there is no task ${task_id}`)
    const call_id = 'call_id' in more ? String(more.call_id) : `call_${task_id}`
    const at = '2026-01-01T00:00:00.000Z'
    const intended = {
      call_id,
      task_id,
      purpose: 'task' as const,
      server: tool.server,
      tool: tool.name,
      fingerprint: tool.fingerprint,
      arguments: {},
      arguments_digest: '',
      provenance: {},
      verdict: { verdict: 'allow' as const, rule: 'r', reason: '' },
      attempt: 1,
      generation: 0,
      idempotency_key: 'k',
      deadline: at,
      reservation: { tool_calls: 1 },
      traceparent: '',
      ...more,
    }
    const establishes = outcome.status === 'succeeded' ? tool.establishes : []
    const next = outcome.status === 'succeeded' ? { do: 'nothing' as const } : { do: 'fail' as const }
    this.add(draft('call_intended', intended))
    this.add(draft('call_settled', { call_id, outcome, establishes, next, started_at: at, settled_at: at, egress: [] }))
  }

  private add(added: Draft): void {
    this.drafts.push(added)
  }

  private situation() {
    const place = { run_id: 'r', v: 1, at: '2026-01-01T00:00:00.000Z', prev_hash: '', hash: '', tenant: 't' }
    return fold(this.drafts.map((event, seq): Event => ({ ...event, ...place, seq })))
  }

  private catalogue(): Catalogue {
    return { digest: '', servers: new Map(), tools: toolsOf(...this.tools) }
  }
}

const org = { fact: 'orgs.org', on_failure: 'undo' }
const subscription = { fact: 'billing.subscription', on_failure: 'wait' }
const message = { fact: 'chat.message', on_failure: 'accept' }

test('plans, and finishes citing the call that established each outcome', async () => {
  const story = new Story([createOrg, subscribe, post], [org, subscription, message])
  expect(await story.plannedTools()).toEqual(['orgs.create_org', 'billing.subscribe', 'chat.post'])
  story.succeed('create_org', { id: 'o1' })
  story.succeed('subscribe', { status: 'active' })
  story.succeed('post', {})
  expect(await story.decide()).toMatchObject({
    kind: 'finish',
    outcomes: [
      { fact: 'orgs.org', established_by: 'call_create_org' },
      { fact: 'billing.subscription', established_by: 'call_subscribe' },
      { fact: 'chat.message', established_by: 'call_post' },
    ],
  })
})

test('plans around a tool that failed, feeding new tasks from those that stand', async () => {
  const story = new Story([createOrg, subscribe, invoice, post], [org, subscription, message])
  await story.decide()
  story.succeed('create_org', { id: 'o1' })
  story.fail('subscribe', 'the card was declined')
  expect(await story.plannedTasks()).toMatchObject([
    { id: 'invoice', arguments: { org: { $ref: '/tasks/create_org/output/id' } } },
    { id: 'post', arguments: { text: { $text: ['billing: ', { $ref: '/tasks/invoice/output/status' }] } } },
  ])
})

test('does what can still be had before it gives up what cannot', async () => {
  const story = new Story([createOrg, subscribe, post], [org, subscription, message])
  await story.decide()
  story.succeed('create_org', { id: 'o1' })
  story.fail('subscribe', 'the card was declined')
  expect(await story.plannedTasks()).toMatchObject([
    { id: 'post', arguments: { text: { $text: ['billing: ', 'none'] } } },
  ])
  story.succeed('post', {})
  expect(await story.decide()).toMatchObject({
    kind: 'give_up',
    code: 'task_failed',
    facts: ['billing.subscription'],
    issues: [{ path: '/outcomes/1', message: expect.stringContaining('the card was declined') }],
    why: expect.stringContaining('billing.subscribe failed: the card was declined'),
  })
})

test('gives up at once where an outcome out of reach undoes the run', async () => {
  const story = new Story([createOrg, subscribe, post], [org, { ...subscription, on_failure: 'undo' }, message])
  await story.decide()
  story.succeed('create_org', { id: 'o1' })
  story.fail('subscribe', 'the card was declined')
  expect(await story.decide()).toMatchObject({ kind: 'give_up', code: 'task_failed', facts: ['billing.subscription'] })
})

test('gives up before anything is touched where one outcome has no plan', async () => {
  const story = new Story([createOrg, post], [org, subscription, message])
  expect(await story.decide()).toMatchObject({
    kind: 'give_up',
    code: 'no_plan',
    facts: ['billing.subscription'],
    issues: [{ path: '/outcomes/1', message: expect.stringContaining('nothing establishes billing.subscription') }],
  })
})

test('goes on without an outcome that a person waived', async () => {
  const story = new Story([createOrg, subscribe, post], [org, subscription, message])
  await story.decide()
  story.succeed('create_org', { id: 'o1' })
  story.fail('subscribe', 'no')
  story.waive('billing.subscription')
  expect(await story.plannedTools()).toEqual(['chat.post'])
  story.succeed('post', {})
  expect(await story.decide()).toMatchObject({
    kind: 'finish',
    outcomes: [{ fact: 'orgs.org' }, { fact: 'chat.message' }],
  })
})

test('does not count on what was undone', async () => {
  const story = new Story([createOrg, subscribe], [org, subscription])
  await story.decide()
  story.succeed('create_org', { id: 'o1' })
  story.undo('create_org')
  expect(await story.plannedTasks()).toMatchObject([
    { id: 'create_org_2' },
    { id: 'subscribe', arguments: { org: { $ref: '/tasks/create_org_2/output/id' } } },
  ])
})

test('gives up where the runtime refused its plan: it has no other', async () => {
  const story = new Story([createOrg], [org])
  await story.decide()
  story.refuseDecision('/tasks/0/tool')
  expect(await story.decide()).toMatchObject({
    kind: 'give_up',
    code: 'plan_refused',
    issues: [{ path: '/tasks/0/tool', message: 'no' }],
  })
})

test('says which fact is ambiguous', async () => {
  const one = sketchTool('orgs.read_one', { gives: { id: 'orgs.id' } })
  const two = sketchTool('orgs.read_two', { gives: { id: 'orgs.id' } })
  const story = new Story([one, two, subscribe], [subscription])
  expect(await story.decide()).toMatchObject({
    kind: 'give_up',
    code: 'ambiguous_fact',
    facts: ['billing.subscription'],
  })
})
