import type { Goal } from '../../../orchestrator/model/goal.ts'
import { goalSchema } from '../../../orchestrator/model/goal.ts'
import type { Idempotency, ToolManifest } from '../../../shared/manifest.ts'
import { catalogue, tool } from '../rehearsal.ts'

/** What a station's item is made out of, and what a repeat of its making does. */
interface Station {
  idempotency: Idempotency
  needs?: readonly string[]
  /** The fact that names the item; the order's subject unless said. */
  subject?: string
}

/** Systems of every kind, one item for each subject: `none` is looked up, the others are repeated. */
const stations = {
  crm: { idempotency: { keyed: '24h' } },
  store: { idempotency: 'natural', needs: ['crm'] },
  bank: { idempotency: 'none', needs: ['crm'] },
  club: { idempotency: { keyed: '24h' } },
  mail: { idempotency: 'none', needs: ['store', 'bank'] },
  site: { idempotency: 'natural', needs: ['club'] },
  board: { idempotency: 'none' },
  depot: { idempotency: { keyed: '24h' }, needs: ['site'] },
  /** Each of its calls waits for an approval. */
  vault: { idempotency: { keyed: '24h' }, needs: ['crm'] },
  /** Says no until somebody has permitted the subject. */
  guild: { idempotency: 'none', needs: ['crm'] },
  /** Makes one item for each of a list. */
  shelf: { idempotency: 'none', subject: 'shelf.each' },
  /** Takes its time. */
  press: { idempotency: 'none' },
} as const satisfies Record<string, Station>

export type StationName = keyof typeof stations

/** How long a call may take; what was sent is not done any more after that. */
const timeout_ms = 5_000

/** The reviewed tools of all stations. */
export const stationTools = catalogue(
  Object.fromEntries(Object.entries(stations).map(([name, station]) => [name, toolsOf(name, station)])),
)

/** The tools that wait for an approval. */
export const heldTools = ['vault.make_item']

function toolsOf(name: string, { idempotency, needs = [], subject = 'order.subject' }: Station): ToolManifest[] {
  const none = { sensitive: [], destinations: [] }
  const ids = needs.map((needed): [string, string] => [`/${needed}_id`, `${needed}.id`])
  const text = (fields: readonly string[]) => ({
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
    required: [...fields],
    additionalProperties: false,
  })
  const made = { ...none, facts: { '/id': `${name}.id` } }
  const asked = { ...none, facts: { '/subject': subject, ...Object.fromEntries(ids) } }
  return [
    tool('make_item', {
      timeout_ms,
      idempotency,
      establishes: [`${name}.item`],
      input: text(['subject', ...needs.map((needed) => `${needed}_id`)]),
      output: text(['id']),
      marks: { input: asked, output: made },
      compensation: { tool: 'remove_item', arguments: { id: { $ref: '/output/id' } } },
      lookup: { tool: 'find_item', arguments: { subject: { $ref: '/arguments/subject' } } },
    }),
    tool('find_item', { timeout_ms, effect: 'read', input: text(['subject']), output: text(['id']) }),
    tool('remove_item', { timeout_ms, effect: 'delete', input: text(['id']) }),
  ]
}

function goalOf(name: string, items: readonly StationName[], more: Partial<Goal> = {}): Goal {
  return goalSchema.parse({
    goal: name,
    title: name,
    input: {
      type: 'object',
      required: ['subject'],
      additionalProperties: false,
      properties: { subject: { type: 'string', fact: 'order.subject' } },
    },
    outcomes: items.map((station) => ({ fact: `${station}.item` })),
    ...more,
  })
}

const list = { type: 'array', items: { type: 'string' } }
const orders = { type: 'array', items: { type: 'object', properties: { subject: { type: 'string' } } } }

/** Goals by name: plans of three to eight tasks, lists, runs within runs, and what waits for people. */
export const stationGoals = {
  three: goalOf('three', ['crm', 'store', 'club']),
  five: goalOf('five', ['crm', 'store', 'bank', 'mail', 'board']),
  eight: goalOf('eight', ['crm', 'store', 'bank', 'club', 'mail', 'site', 'board', 'depot']),
  listed: goalOf('listed', ['crm', 'shelf'], {
    input: {
      type: 'object',
      required: ['subject', 'each'],
      additionalProperties: false,
      properties: { subject: { type: 'string', fact: 'order.subject' }, each: { ...list, fact: 'order.list' } },
    },
    for_each: { 'shelf.item': { list: 'order.list', as: 'each', max: 6 } },
    arguments: { 'shelf.each': { $item: '' } },
  }),
  family: goalOf('family', ['board'], {
    input: {
      type: 'object',
      required: ['subject', 'orders'],
      additionalProperties: false,
      properties: { subject: { type: 'string', fact: 'order.subject' }, orders: { ...orders, fact: 'order.list' } },
    },
    outcomes: [
      { fact: 'board.item', on_failure: 'wait', existing: false },
      { fact: 'goals.three', on_failure: 'wait', existing: false },
    ],
    for_each: { 'goals.three': { list: 'order.list', as: 'each', max: 6 } },
    slices: {
      'goals.three': { budget: { tool_calls: 60, compensation_calls: 20, model_calls: 0, tokens: 0, cost_usd: 0 } },
    },
    arguments: { 'goals.input': { $item: '' } },
    budget: { ...goalSchema.shape.budget.parse({}), tool_calls: 500, compensation_calls: 300 },
  }),
  held: goalOf('held', ['crm', 'vault', 'board']),
  asked: goalOf('asked', ['crm', 'guild', 'store']),
  slow: goalOf('slow', ['crm', 'press', 'club']),
} satisfies Record<string, Goal>

export type StationGoal = keyof typeof stationGoals
