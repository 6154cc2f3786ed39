import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../shared/json.ts'
import { contractOf, type Tool } from '../../model/catalogue.ts'
import { goalSchema } from '../../model/goal.ts'
import { plan } from './plan.ts'
import type { KeptTask, Planned, PlanningProblem } from './problem.ts'
import { sketchTool as sketch, toolsOf } from './tool-fixture.ts'

interface Case {
  outcomes: (string | { fact: string; existing: boolean })[]
  tools: Tool[]
  /** Facts that the input gives, each as a string property of the same name with `_` for `.`. */
  input?: Record<string, unknown>
  schema?: JsonObject
  arguments?: Record<string, unknown>
  bind?: Record<string, string>
  kept?: KeptTask[]
  excluded?: Record<string, string>
  waived?: string[]
  ids?: Record<string, string | null>
}

function problem(given: Case): PlanningProblem {
  const facts = Object.keys(given.input ?? {})
  const property = (fact: string) => [fact.replaceAll('.', '_'), { type: 'string', fact }]
  const goal = goalSchema.parse({
    goal: 'test',
    title: 'Test',
    input: given.schema ?? { type: 'object', properties: Object.fromEntries(facts.map(property)) },
    outcomes: given.outcomes.map((outcome) => (typeof outcome === 'string' ? { fact: outcome } : outcome)),
    arguments: given.arguments ?? {},
    bind: given.bind ?? {},
  })
  const values = given.schema
    ? given.input
    : Object.fromEntries(facts.map((f) => [f.replaceAll('.', '_'), given.input?.[f]]))
  return {
    goal,
    input: (values ?? {}) as JsonObject,
    tools: toolsOf(...given.tools),
    kept: given.kept ?? [],
    excluded: new Map(Object.entries(given.excluded ?? {})),
    waived: new Set(given.waived ?? []),
    ids: new Map(Object.entries(given.ids ?? {})),
  }
}

function tasks(given: Case) {
  const planned = plan(problem(given))
  if (!planned.ok) throw new Error(`no plan: ${JSON.stringify(planned)}`)
  return planned.tasks
}

function fault(given: Case): Extract<Planned, { ok: false }> {
  const planned = plan(problem(given))
  if (planned.ok) throw new Error(`a plan was found: ${planned.tasks.map(({ tool }) => tool)}`)
  return planned
}

const used = (given: Case) => tasks(given).map(({ tool }) => tool)
const argumentsOf = (given: Case, id: string) => tasks(given).find((task) => task.id === id)?.arguments

const createOrg = sketch('orgs.create_org', {
  effect: 'create',
  needs: { slug: 'orgs.slug' },
  gives: { id: 'orgs.org_id' },
  establishes: ['orgs.org'],
})
const findOrg = sketch('orgs.find_org', { needs: { slug: 'orgs.slug' }, gives: { id: 'orgs.org_id' } })
const createCustomer = sketch('billing.create_customer', {
  effect: 'create',
  needs: { org: 'orgs.org_id' },
  gives: { customer: 'billing.customer_id' },
  establishes: ['billing.customer'],
})
const findCustomer = sketch('billing.find_customer', {
  needs: { org: 'orgs.org_id' },
  gives: { customer: 'billing.customer_id' },
})
const subscribe = sketch('billing.subscribe', {
  effect: 'create',
  needs: { customer: 'billing.customer_id' },
  gives: { status: 'billing.status' },
  establishes: ['billing.subscription'],
})
const everything = [createOrg, findOrg, createCustomer, findCustomer, subscribe]

describe('where a value comes from', () => {
  const post = sketch('chat.post', { effect: 'create', needs: { text: 'chat.text' }, establishes: ['chat.message'] })

  test('a field without a mark stands for the fact <server>.<field>', () => {
    const unmarked: Tool = { ...post, marks: { ...post.marks, input: { facts: {}, sensitive: [], destinations: [] } } }
    const given = { outcomes: ['chat.message'], tools: [unmarked], input: { 'chat.text': 'hi' } }
    expect(argumentsOf(given, 'post')).toEqual({ text: { $ref: '/input/chat_text' } })
  })

  test("the goal's argument for a fact goes before the input", () => {
    const given = {
      outcomes: ['chat.message'],
      tools: [post],
      input: { 'chat.text': 'hi' },
      arguments: { 'chat.text': 'ho' },
    }
    expect(argumentsOf(given, 'post')).toEqual({ text: 'ho' })
  })

  test('the input goes before a tool that would give the fact as well', () => {
    const compose = sketch('chat.compose', { gives: { text: 'chat.text' } })
    expect(used({ outcomes: ['chat.message'], tools: [post, compose], input: { 'chat.text': 'hi' } })).toEqual([
      'chat.post',
    ])
  })

  test('a nested input property is referred to by its pointer', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'object', properties: { 'b/c': { type: 'string', fact: 'chat.text' } } } },
    }
    const given = { outcomes: ['chat.message'], tools: [post], schema, input: { a: { 'b/c': 'hi' } } }
    expect(argumentsOf(given, 'post')).toEqual({ text: { $ref: '/input/a/b~1c' } })
  })

  test('an input property that is left out gives nothing', () => {
    const schema = { type: 'object', properties: { text: { type: 'string', fact: 'chat.text' } } }
    const { issues } = fault({ outcomes: ['chat.message'], tools: [post], schema, input: {} })
    expect(issues).toEqual([
      { path: '/tools/chat.post/text', message: expect.stringContaining('the input leaves out /text, which would') },
    ])
  })

  test('an optional field is filled when the input gives it, and left out when nothing does', () => {
    const tool = sketch('chat.post', {
      effect: 'create',
      optional: { text: 'chat.text' },
      establishes: ['chat.message'],
    })
    expect(argumentsOf({ outcomes: ['chat.message'], tools: [tool] }, 'post')).toEqual({})
    expect(argumentsOf({ outcomes: ['chat.message'], tools: [tool], input: { 'chat.text': 'hi' } }, 'post')).toEqual({
      text: { $ref: '/input/chat_text' },
    })
  })

  test('an optional field takes what a task of the plan gives, and brings no task into it', () => {
    const tool = sketch('chat.post', {
      effect: 'create',
      optional: { org: 'orgs.org_id' },
      establishes: ['chat.message'],
    })
    const input = { 'orgs.slug': 'acme' }
    expect(used({ outcomes: ['chat.message'], tools: [tool, createOrg, findOrg], input })).toEqual(['chat.post'])
    const both = { outcomes: ['orgs.org', 'chat.message'], tools: [tool, createOrg, findOrg], input }
    expect(argumentsOf(both, 'post')).toEqual({ org: { $ref: '/tasks/create_org/output/id' } })
  })

  test('a fact of another type is no candidate', () => {
    const count = sketch('chat.count', { gives: { n: { fact: 'chat.text', schema: { type: 'integer' } } } })
    const compose = sketch('chat.compose', { needs: { x: 'chat.topic' }, gives: { text: 'chat.text' } })
    const given = { outcomes: ['chat.message'], tools: [post, count, compose], input: { 'chat.topic': 'x' } }
    expect(used(given)).toEqual(['chat.compose', 'chat.post'])
    expect(fault({ outcomes: ['chat.message'], tools: [post, count] }).issues[0]?.message).toContain(
      'chat.count gives it, but not of a type that fits',
    )
  })

  test('an integer may stand where a number is asked for', () => {
    const charge = sketch('pay.charge', {
      effect: 'create',
      needs: { amount: { fact: 'pay.amount', schema: { type: 'number' } } },
      establishes: ['pay.charge'],
    })
    const price = sketch('pay.price', { gives: { cents: { fact: 'pay.amount', schema: { type: 'integer' } } } })
    expect(used({ outcomes: ['pay.charge'], tools: [charge, price] })).toEqual(['pay.price', 'pay.charge'])
  })

  test('a secret goes only where a secret is expected, and into no text', () => {
    const token = sketch('chat.token', { gives: { token: 'chat.text' }, sensitive: { output: ['/token'] } })
    expect(fault({ outcomes: ['chat.message'], tools: [post, token] }).code).toBe('no_plan')
    const sealing = sketch('chat.post', {
      effect: 'create',
      needs: { text: 'chat.text' },
      establishes: ['chat.message'],
      sensitive: { input: ['/text'] },
    })
    expect(used({ outcomes: ['chat.message'], tools: [sealing, token] })).toEqual(['chat.token', 'chat.post'])
    const told = { 'chat.text': { $text: 'my token is {chat.token}' } }
    const secret = sketch('chat.token', { gives: { token: 'chat.token' }, sensitive: { output: ['/token'] } })
    expect(fault({ outcomes: ['chat.message'], tools: [post, secret], arguments: told }).code).toBe('no_plan')
  })
})

describe("the goal's arguments", () => {
  const post = sketch('chat.post', { effect: 'create', needs: { text: 'chat.text' }, establishes: ['chat.message'] })
  const text = (template: string, more: Partial<Case> = {}) =>
    argumentsOf(
      {
        outcomes: ['chat.message'],
        tools: [post, createOrg],
        arguments: { 'chat.text': { $text: template } },
        ...more,
      },
      'post',
    )?.text

  test('a text is composed of literals and references, braces doubled', () => {
    expect(text('Hi {orgs.slug}, {{really}}', { input: { 'orgs.slug': 'acme' } })).toEqual({
      $text: ['Hi ', { $ref: '/input/orgs_slug' }, ', {really}'],
    })
  })

  test('a text brings the task into the plan that gives its fact', () => {
    expect(text('{orgs.org_id}', { input: { 'orgs.slug': 'acme' } })).toEqual({
      $text: [{ $ref: '/tasks/create_org/output/id' }],
    })
  })

  test('a fact with a fallback is used when the plan gives it, and brings no task into it', () => {
    const input = { 'orgs.slug': 'acme' }
    expect(text('org {orgs.org_id|none}!', { input })).toEqual({ $text: ['org ', 'none', '!'] })
    expect(text('org {orgs.org_id|none}!', { input, outcomes: ['orgs.org', 'chat.message'] })).toEqual({
      $text: ['org ', { $ref: '/tasks/create_org/output/id' }, '!'],
    })
  })

  test('$fact stands for the value of another fact, of its own type', () => {
    const given = {
      outcomes: ['chat.message'],
      tools: [post],
      input: { 'orgs.slug': 'a' },
      arguments: { 'chat.text': { $fact: 'orgs.slug' } },
    }
    expect(argumentsOf(given, 'post')).toEqual({ text: { $ref: '/input/orgs_slug' } })
  })

  test("an argument may build on the input's value of its own fact", () => {
    expect(text('re: {chat.text}', { input: { 'chat.text': 'hi' } })).toEqual({
      $text: ['re: ', { $ref: '/input/chat_text' }],
    })
  })

  test('references are found inside lists and objects', () => {
    const schema = { type: 'object', properties: { tags: { type: 'array', items: { type: 'string' } } } }
    const tool = sketch('chat.post', {
      effect: 'create',
      needs: { meta: { fact: 'chat.meta', schema } },
      establishes: ['chat.message'],
    })
    const meta = { tags: ['new', { $fact: 'orgs.slug' }, { $text: 'x-{orgs.slug}' }] }
    const given = {
      outcomes: ['chat.message'],
      tools: [tool],
      input: { 'orgs.slug': 'a' },
      arguments: { 'chat.meta': meta },
    }
    expect(argumentsOf(given, 'post')).toEqual({
      meta: { tags: ['new', { $ref: '/input/orgs_slug' }, { $text: ['x-', { $ref: '/input/orgs_slug' }] }] },
    })
  })

  test('arguments that build on each other in a circle end in an issue', () => {
    const circular = { 'chat.text': { $text: '{chat.title}' }, 'chat.title': { $text: '{chat.text}' } }
    expect(fault({ outcomes: ['chat.message'], tools: [post], arguments: circular }).issues).toEqual([
      { path: '/tools/chat.post/text', message: expect.stringContaining('nothing gives chat.text') },
    ])
  })
})

describe('reads and creates', () => {
  test('a value that the plan creates is not read, whatever the order of the outcomes', () => {
    const notify = sketch('chat.notify', {
      effect: 'create',
      needs: { org: 'orgs.org_id' },
      establishes: ['chat.message'],
    })
    const tools = [...everything, notify]
    const input = { 'orgs.slug': 'acme' }
    expect(used({ outcomes: ['orgs.org', 'chat.message'], tools, input })).toEqual(['orgs.create_org', 'chat.notify'])
    expect(used({ outcomes: ['chat.message', 'orgs.org'], tools, input })).toEqual(['orgs.create_org', 'chat.notify'])
  })

  test('a value that nothing in the plan creates is read rather than created', () => {
    expect(used({ outcomes: ['billing.customer'], tools: everything, input: { 'orgs.slug': 'acme' } })).toEqual([
      'orgs.find_org',
      'billing.create_customer',
    ])
  })

  test('what the run creates is not looked up by something that cannot exist yet', () => {
    expect(
      used({ outcomes: ['orgs.org', 'billing.subscription'], tools: everything, input: { 'orgs.slug': 'acme' } }),
    ).toEqual(['orgs.create_org', 'billing.create_customer', 'billing.subscribe'])
  })

  test('of what existed before, a customer is found', () => {
    expect(used({ outcomes: ['billing.subscription'], tools: everything, input: { 'orgs.org_id': 'org_1' } })).toEqual([
      'billing.find_customer',
      'billing.subscribe',
    ])
  })

  test('a read that nothing else makes is called with what the run creates', () => {
    const readUrl = sketch('orgs.get_url', { needs: { id: 'orgs.org_id' }, gives: { url: 'orgs.url' } })
    const notify = sketch('chat.notify', {
      effect: 'create',
      needs: { url: 'orgs.url' },
      establishes: ['chat.message'],
    })
    const given = {
      outcomes: ['orgs.org', 'chat.message'],
      tools: [...everything, readUrl, notify],
      input: { 'orgs.slug': 'a' },
    }
    expect(used(given)).toEqual(['orgs.create_org', 'orgs.get_url', 'chat.notify'])
  })

  test('a value that is needed before the plan creates it comes from elsewhere', () => {
    const suggest = sketch('orgs.suggest_slug', { gives: { slug: 'orgs.slug' } })
    const check = sketch('orgs.check', { needs: { slug: 'orgs.slug' }, gives: { digest: 'orgs.digest' } })
    const create = sketch('orgs.create', {
      effect: 'create',
      needs: { digest: 'orgs.digest' },
      gives: { slug: 'orgs.slug' },
      establishes: ['orgs.org'],
    })
    const notify = sketch('chat.notify', {
      effect: 'create',
      needs: { slug: 'orgs.slug' },
      establishes: ['chat.message'],
    })
    const given = { outcomes: ['orgs.org', 'chat.message'], tools: [suggest, check, create, notify] }
    expect(used(given)).toEqual(['orgs.suggest_slug', 'orgs.check', 'orgs.create', 'chat.notify'])
    expect(argumentsOf(given, 'notify')).toEqual({ slug: { $ref: '/tasks/create/output/slug' } })
  })

  test('a read establishes an outcome only where the goal takes one that exists', () => {
    const checked = sketch('orgs.check_org', { needs: { slug: 'orgs.slug' }, establishes: ['orgs.org'] })
    const input = { 'orgs.slug': 'acme' }
    expect(used({ outcomes: ['orgs.org'], tools: [createOrg, checked], input })).toEqual(['orgs.create_org'])
    expect(used({ outcomes: [{ fact: 'orgs.org', existing: true }], tools: [createOrg, checked], input })).toEqual([
      'orgs.check_org',
    ])
    expect(fault({ outcomes: ['orgs.org'], tools: [checked], input }).issues[0]?.message).toContain('"existing: true"')
  })

  test('a tool that has to be given a fact is no source of it', () => {
    const rename = sketch('orgs.rename_org', {
      effect: 'update',
      needs: { id: 'orgs.org_id' },
      gives: { id: 'orgs.org_id' },
      establishes: ['orgs.change'],
    })
    const given = {
      outcomes: ['orgs.change', 'billing.customer'],
      tools: [rename, findOrg, createCustomer],
      input: { 'orgs.slug': 'a' },
    }
    expect(argumentsOf(given, 'create_customer')).toEqual({ org: { $ref: '/tasks/find_org/output/id' } })
    expect(argumentsOf(given, 'rename_org')).toEqual({ id: { $ref: '/tasks/find_org/output/id' } })
  })
})

describe('fewest and least dangerous', () => {
  const input = { 'a.x': 'x' }
  const goal = (effect: 'read' | 'create' | 'update' | 'delete', name: string, needs: Record<string, string> = {}) =>
    sketch(`a.${name}`, { effect, needs, establishes: ['a.goal'] })

  test('one create goes before one update', () => {
    expect(used({ outcomes: ['a.goal'], tools: [goal('update', 'alter'), goal('create', 'make')] })).toEqual(['a.make'])
  })

  test('one call goes before two', () => {
    const tools = [
      goal('create', 'direct', { x: 'a.x' }),
      goal('create', 'astray', { y: 'a.y' }),
      sketch('a.get_y', { gives: { y: 'a.y' } }),
    ]
    expect(used({ outcomes: ['a.goal'], tools, input })).toEqual(['a.direct'])
  })

  test('two reads go before one more create', () => {
    const tools = [
      goal('create', 'make', { z: 'a.z' }),
      sketch('a.get_y', { gives: { y: 'a.y' } }),
      sketch('a.get_z', { needs: { y: 'a.y' }, gives: { z: 'a.z' } }),
      sketch('b.make_z', { effect: 'create', gives: { z: 'a.z' } }),
    ]
    expect(used({ outcomes: ['a.goal'], tools })).toEqual(['a.get_y', 'a.get_z', 'a.make'])
  })

  test('one tool that establishes two outcomes is called once', () => {
    const both = sketch('a.both', { effect: 'create', establishes: ['a.one', 'a.two'] })
    const one = sketch('a.a_one', { effect: 'create', establishes: ['a.one'] })
    expect(used({ outcomes: ['a.two', 'a.one'], tools: [one, both] })).toEqual(['a.both'])
    expect(used({ outcomes: ['a.one', 'a.two'], tools: [one, both] })).toEqual(['a.both'])
  })

  test('deletes are never planned, and the issue says so', () => {
    const { code, issues } = fault({ outcomes: ['a.goal'], tools: [goal('delete', 'drop')] })
    expect(code).toBe('no_plan')
    expect(issues).toEqual([
      { path: '/outcomes/0', message: expect.stringContaining('a.drop establishes a.goal, but it deletes') },
    ])
  })
})

describe('two tasks that give the same fact', () => {
  const start = sketch('a.start', { effect: 'create', gives: { x: 'a.x' }, establishes: ['a.started'] })
  const middle = sketch('a.middle', {
    effect: 'create',
    needs: { t: 'a.t' },
    gives: { x: 'a.x', y: 'a.y' },
    establishes: ['a.middle'],
  })
  const t = sketch('a.get_t', { needs: { s: 'a.s' }, gives: { t: 'a.t' } })
  const seed = sketch('a.seed', { effect: 'create', gives: { s: 'a.s', x: 'a.x' }, establishes: ['a.seeded'] })
  const end = sketch('a.end', { effect: 'create', needs: { x: 'a.x', y: 'a.y' }, establishes: ['a.ended'] })

  test('the nearest ancestor gives it', () => {
    const given = { outcomes: ['a.seeded', 'a.middle', 'a.ended'], tools: [middle, t, seed, end] }
    expect(argumentsOf(given, 'end')).toEqual({
      x: { $ref: '/tasks/middle/output/x' },
      y: { $ref: '/tasks/middle/output/y' },
    })
  })

  test('an ancestor goes before a task that is none', () => {
    const given = { outcomes: ['a.started', 'a.middle', 'a.ended'], tools: [start, middle, end], input: { 'a.t': 't' } }
    expect(argumentsOf(given, 'end')?.x).toEqual({ $ref: '/tasks/middle/output/x' })
  })

  test('a tie is the error ambiguous_fact, which names both', () => {
    const other = sketch('b.begin', { effect: 'create', gives: { x: 'a.x' }, establishes: ['b.begun'] })
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    const given = { outcomes: ['a.started', 'b.begun', 'a.done'], tools: [start, other, last] }
    expect(fault(given)).toMatchObject({
      code: 'ambiguous_fact',
      issues: [
        { path: '/tools/a.last/x', message: expect.stringMatching(/a\.x could come from a\.start or b\.begin.*bind/) },
      ],
    })
    const bound = { ...given, bind: { 'a.x': 'b.begin' } }
    expect(argumentsOf(bound, 'last')).toEqual({ x: { $ref: '/tasks/begin/output/x' } })
  })

  test('two reads that would do equally well are a tie too, unless one is called anyway', () => {
    const one = sketch('a.read_one', { gives: { x: 'a.x', p: 'a.p' } })
    const two = sketch('a.read_two', { gives: { x: 'a.x' } })
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    expect(fault({ outcomes: ['a.done'], tools: [one, two, last] })).toMatchObject({
      code: 'ambiguous_fact',
      issues: [{ message: expect.stringContaining('a.read_one or a.read_two') }],
    })
    const more = sketch('a.more', { effect: 'create', needs: { p: 'a.p' }, establishes: ['a.more_done'] })
    const given = { outcomes: ['a.done', 'a.more_done'], tools: [one, two, last, more] }
    expect(used(given)).toEqual(['a.read_one', 'a.last', 'a.more'])
    expect(used({ ...given, bind: { 'a.x': 'a.read_two' } })).toContain('a.read_two')
  })

  test('bind goes before the input, and names tools that exist and give the fact', () => {
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    const given = { outcomes: ['a.done'], tools: [start, last], input: { 'a.x': 'x' } }
    expect(used(given)).toEqual(['a.last'])
    expect(used({ ...given, bind: { 'a.x': 'a.start' } })).toEqual(['a.start', 'a.last'])
    expect(fault({ ...given, bind: { 'a.x': 'a.strat' } }).issues).toEqual([
      { path: '/bind/a.x', message: 'there is no tool a.strat; did you mean a.start?' },
    ])
    expect(fault({ ...given, bind: { 'a.x': 'a.last' } }).issues[0]?.message).toContain('neither gives nor establishes')
  })

  test('bind chooses the tool that establishes an outcome', () => {
    const cheap = sketch('a.cheap', { effect: 'create', establishes: ['a.done'] })
    const dear = sketch('a.dear', { effect: 'update', establishes: ['a.done'] })
    expect(used({ outcomes: ['a.done'], tools: [cheap, dear], bind: { 'a.done': 'a.dear' } })).toEqual(['a.dear'])
  })
})

describe('planning again', () => {
  const slow = sketch('a.slow', { effect: 'update', needs: { x: 'a.x' }, establishes: ['a.goal'] })
  const quick = sketch('a.quick', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.goal'] })
  const getX = sketch('a.get_x', { gives: { x: 'a.x' } })
  const kept: KeptTask = { id: 'get_x', tool: contractOf(getX), output: { x: 'x' }, establishes: [] }

  test('goes around a tool that failed and refers to the tasks that stand', () => {
    const given = {
      outcomes: ['a.goal'],
      tools: [slow, quick, getX],
      kept: [kept],
      excluded: { 'a.quick': 'failed: no' },
    }
    expect(tasks(given)).toEqual([
      {
        id: 'slow',
        tool: 'a.slow',
        arguments: { x: { $ref: '/tasks/get_x/output/x' } },
        after: [],
        why: 'establishes a.goal',
      },
    ])
  })

  test('says what was tried when there is no way round', () => {
    const given = {
      outcomes: ['a.goal'],
      tools: [quick, getX],
      kept: [kept],
      excluded: { 'a.quick': 'failed: card declined' },
    }
    expect(fault(given)).toMatchObject({
      facts: ['a.goal'],
      issues: [{ path: '/outcomes/0', message: 'a.goal was tried with a.quick, which failed: card declined' }],
    })
  })

  test('does not look up what a failed tool should have created', () => {
    const keptOrg = {
      id: 'create_org',
      tool: contractOf(createOrg),
      output: { id: 'org_1' },
      establishes: ['orgs.org'],
    }
    const given = {
      outcomes: ['orgs.org', 'billing.subscription'],
      tools: everything,
      input: { 'orgs.slug': 'acme' },
      kept: [keptOrg],
      excluded: { 'billing.create_customer': 'failed: no' },
    }
    expect(fault(given).issues.map(({ path }) => path)).toContain('/tools/billing.subscribe/customer')
  })

  test('leaves out outcomes that hold or are waived, and takes no fact that an output does not have', () => {
    const other = sketch('a.other', { effect: 'create', establishes: ['a.other'] })
    const tools = [quick, getX, other]
    expect(used({ outcomes: ['a.goal', 'a.other'], tools, waived: ['a.goal'] })).toEqual(['a.other'])
    expect(used({ outcomes: ['a.goal', 'a.other'], tools, kept: [{ ...kept, establishes: ['a.other'] }] })).toEqual([
      'a.quick',
    ])
    expect(used({ outcomes: ['a.goal'], tools, kept: [{ ...kept, output: {} }] })).toEqual(['a.get_x', 'a.quick'])
  })

  test('gives ids that no other task has had', () => {
    const id = (ids: Record<string, string | null>) =>
      tasks({ outcomes: ['a.goal'], tools: [quick], input: { 'a.x': 'x' }, ids })[0]?.id
    expect(id({ quick: null })).toBe('quick_2')
    expect(id({ quick: null, quick_2: 'b.quick' })).toBe('quick_3')
    expect(id({ quick: 'a.quick' })).toBe('quick')
  })

  test('tools of the same name get different ids', () => {
    const twin = sketch('b.quick', { effect: 'create', establishes: ['b.goal'] })
    const given = { outcomes: ['a.goal', 'b.goal'], tools: [quick, twin], input: { 'a.x': 'x' } }
    expect(tasks(given).map(({ id }) => id)).toEqual(['quick', 'quick_2'])
  })
})

describe('no plan', () => {
  test('names the outcome that nothing establishes, and the one probably meant', () => {
    expect(fault({ outcomes: ['orgs.orgs'], tools: everything }).issues).toEqual([
      {
        path: '/outcomes/0',
        message: expect.stringMatching(/nothing establishes orgs\.orgs.*did you mean orgs\.org\?/),
      },
    ])
  })

  test('names the fact at the root that nothing gives, and the field it is for', () => {
    const { code, facts, issues } = fault({ outcomes: ['orgs.org', 'billing.subscription'], tools: everything })
    expect(code).toBe('no_plan')
    expect(facts).toEqual(['orgs.org', 'billing.subscription'])
    expect(issues).toContainEqual({
      path: '/tools/orgs.create_org/slug',
      message: "nothing gives orgs.slug as string: neither the goal's input or arguments nor the output of any tool",
    })
  })

  test('names only the outcomes out of reach', () => {
    const free = sketch('a.free', { effect: 'create', establishes: ['a.goal'] })
    expect(fault({ outcomes: ['a.goal', 'orgs.org'], tools: [free, createOrg] }).facts).toEqual(['orgs.org'])
  })

  test('says which argument of the goal names the fact', () => {
    const post = sketch('chat.post', { effect: 'create', needs: { text: 'chat.text' }, establishes: ['chat.message'] })
    const given = { outcomes: ['chat.message'], tools: [post], arguments: { 'chat.text': { $text: 'see {wiki.url}' } } }
    expect(fault(given).issues).toEqual([
      {
        path: '/tools/chat.post/text',
        message: expect.stringContaining("nothing gives wiki.url (named by the goal's argument chat.text)"),
      },
    ])
  })

  test('facts that come only out of each other end in an issue that says so', () => {
    const hen = sketch('farm.hen', {
      effect: 'create',
      needs: { egg: 'farm.egg' },
      gives: { hen: 'farm.hen' },
      establishes: ['farm.farm'],
    })
    const egg = sketch('farm.lay', { effect: 'create', needs: { hen: 'farm.hen' }, gives: { egg: 'farm.egg' } })
    expect(fault({ outcomes: ['farm.farm'], tools: [hen, egg] })).toMatchObject({
      code: 'no_plan',
      issues: [{ message: expect.stringContaining('a circle') }],
    })
  })

  test('two outcomes whose tools wait for each other end in an issue', () => {
    const a = sketch('x.a', { effect: 'create', needs: { b: 'x.b' }, gives: { a: 'x.a' }, establishes: ['x.made_a'] })
    const b = sketch('x.b', { effect: 'create', needs: { a: 'x.a' }, gives: { b: 'x.b' }, establishes: ['x.made_b'] })
    const { code, issues } = fault({ outcomes: ['x.made_a', 'x.made_b'], tools: [a, b] })
    expect(code).toBe('no_plan')
    expect(issues.length).toBeGreaterThan(0)
  })
})

test('each task says what it is for', () => {
  const given = { outcomes: ['orgs.org', 'billing.subscription'], tools: everything, input: { 'orgs.slug': 'acme' } }
  expect(tasks(given).map(({ why }) => why)).toEqual([
    'establishes orgs.org; supplies orgs.org_id to create_customer',
    'supplies billing.customer_id to subscribe',
    'establishes billing.subscription',
  ])
})
