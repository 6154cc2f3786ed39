import type { Task } from '../../../orchestrator/model/decision.ts'
import type { Goal } from '../../../orchestrator/model/goal.ts'
import { catalogue, goal, ok, tool, type Script as World } from '../rehearsal.ts'

const text = { type: 'string' }
const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties: properties as never,
  required,
  additionalProperties: false,
})
const marks = (input: object = {}, output: object = {}) => {
  const none = { facts: {}, sensitive: [], destinations: [] }
  return { input: { ...none, ...input }, output: { ...none, ...output } }
}

/** A small office for models: customers, letters that go to somebody, and a page that anybody may have written. */
export const office = catalogue({
  billing: [
    tool('create_customer', {
      description: 'Start an account for a customer who pays.',
      input: object({ name: text, seats: { type: 'integer', minimum: 1 } }, ['name']),
      output: object({ customer_id: text, note: text }, ['customer_id']),
      establishes: ['billing.customer'],
      marks: marks({ facts: { '/name': 'crm.name' } }, { facts: { '/customer_id': 'billing.customer_id' } }),
    }),
  ],
  mail: [
    tool('send_letter', {
      description: 'Send a letter.',
      input: object({ to: text, body: text }),
      output: object({ letter_id: text }),
      idempotency: 'none',
      establishes: ['mail.letter'],
      marks: marks(
        { facts: { '/to': 'crm.address', '/body': 'mail.body' }, destinations: ['/to'] },
        { facts: { '/letter_id': 'mail.letter_id' } },
      ),
    }),
  ],
  web: [
    tool('read_page', {
      description: 'Read a page of the web.',
      effect: 'read',
      input: object({ url: text }),
      output: object({ page: text }),
      marks: marks({ facts: { '/url': 'web.url' } }, { facts: { '/page': 'web.page' } }),
    }),
  ],
})

export const officeInput = { name: 'Acme', address: 'ada@acme.example', url: 'https://acme.example' }

/** A customer, and a letter to the address that the input gives. */
export function officeGoal(more: Partial<Goal> = {}, outcomes: Parameters<typeof goal>[0] = welcome): Goal {
  return goal(outcomes, {
    title: 'Welcome a customer',
    description: 'Start an account and send a letter.',
    input: object({
      name: { type: 'string', fact: 'crm.name' },
      address: { type: 'string', fact: 'crm.address' },
      url: { type: 'string', fact: 'web.url' },
    }),
    arguments: { 'mail.body': 'Welcome.' },
    ...more,
  })
}

const welcome = { 'billing.customer': 'wait', 'mail.letter': 'wait' } as const

export const officeWorld: World = {
  'billing.create_customer': [ok({ customer_id: 'cus_1' })],
  'mail.send_letter': [ok({ letter_id: 'l_1' })],
  'web.read_page': [ok({ page: 'Nothing of note.' })],
}

export function step(id: string, name: string, args: Task['arguments'], after: string[] = []): Task {
  return { id, tool: name, arguments: args, after, why: '' }
}

export const customer = step('customer', 'billing.create_customer', { name: { $ref: '/input/name' } })
export const letter = step('letter', 'mail.send_letter', { to: { $ref: '/input/address' }, body: 'Welcome.' }, [
  'customer',
])
