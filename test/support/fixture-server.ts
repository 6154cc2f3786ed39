import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import {
  type CallContext,
  CapabilityError,
  defineServer,
  defineTool,
  destination,
  fact,
  sensitive,
  UncertainError,
} from '../../shared/capability/index.ts'

/** What the fixture's "vendor" is: it can refuse connections, and it remembers what was done to it. */
interface Vendor {
  created: string[]
  aborted: string[]
  token: string
}

const ending = z.enum(['succeed', 'decline', 'lose', 'throw', 'hang', 'wrong_output', 'print'])

const createThing = defineTool({
  name: 'create_thing',
  title: 'Create thing',
  description: 'Make a thing of a given name.',
  input: z.object({
    name: fact(z.string().min(2), 'fixture.thing_name'),
    ending: ending.default('succeed'),
    to: destination(z.email()).optional(),
    pin: sensitive(z.string()).nullable().optional(),
    parts: z.array(z.object({ size: z.int().min(1), label: sensitive(z.string()).optional() })).default([]),
  }),
  output: z.object({
    thing_id: fact(z.string(), 'fixture.thing_id'),
    key: z.string(),
    call: z.string(),
    items: z.array(z.object({ id: fact(z.string(), 'fixture.item_id'), code: sensitive(z.string()) })),
  }),
  effect: 'create',
  idempotency: { keyed: '24h' },
  scopes: ['things:write'],
  establishes: ['fixture.thing'],
  expect: 'output.thing_id != ""',
  compensation: { tool: 'delete_thing', arguments: { thing_id: { $ref: '/output/thing_id' } } },
  lookup: { tool: 'find_thing', arguments: { name: { $ref: '/arguments/name' } } },
  async run({ name, ending, parts, pin }, { client: vendor, ...context }: CallContext<Vendor>) {
    if (ending === 'decline') {
      throw new CapabilityError('declined', 'The vendor said no.', {
        vendor_code: 'nope',
        retry_after_ms: 5,
        done: ['a'],
      })
    }
    if (ending === 'throw') throw new Error(`internals of ${vendor.token}, pin ${pin}`)
    vendor.created.push(name)
    if (ending === 'lose') throw new UncertainError('The reply was lost.')
    if (ending === 'print') console.log('this must not reach stdout')
    if (ending === 'hang') {
      context.signal.addEventListener('abort', () => vendor.aborted.push(name))
      await sleep(60_000, undefined, { ref: false })
    }
    for (const [index] of parts.entries()) {
      context.progress(index + 1, parts.length, `part ${index + 1}`)
      await sleep(10)
    }
    const thing_id = ending === 'wrong_output' ? (7 as unknown as string) : `thing_${name}`
    return { thing_id, key: context.idempotencyKey, call: context.call.callId, items: [{ id: 'i1', code: 'c1' }] }
  },
})

const findThing = defineTool({
  name: 'find_thing',
  title: 'Find thing',
  description: 'Look a thing up by its name.',
  input: z.object({ name: z.string(), slow: z.boolean().default(false) }),
  output: z.object({ thing_id: fact(z.string(), 'fixture.thing_id'), aborted: z.array(z.string()) }),
  effect: 'read',
  async run({ name, slow }, { client: vendor }: CallContext<Vendor>) {
    if (slow) await sleep(60_000, undefined, { ref: false })
    if (name === 'throw') throw new Error(`internals of ${vendor.token}`)
    if (!vendor.created.includes(name)) throw new CapabilityError('not_found', `There is no thing named ${name}.`)
    return { thing_id: `thing_${name}`, aborted: vendor.aborted }
  },
})

const deleteThing = defineTool({
  name: 'delete_thing',
  title: 'Delete thing',
  description: 'Remove a thing.',
  input: z.object({ thing_id: fact(z.string(), 'fixture.thing_id') }),
  output: z.object({ deleted: z.boolean() }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['things:write'],
  async run({ thing_id }, { client: vendor }: CallContext<Vendor>) {
    const before = vendor.created.length
    vendor.created = vendor.created.filter((name) => `thing_${name}` !== thing_id)
    return { deleted: vendor.created.length < before }
  },
})

/** A capability server with a tool for every way in which a call can end. */
export const server = defineServer({
  name: 'fixture',
  title: 'Fixture',
  version: '1.0.0',
  description: 'Things, for tests of the kit.',
  instructions: 'Create a thing, then find it.',
  endpoints: { FIXTURE_URL: { description: 'where things live', protocol: 'http' } },
  credentials: { FIXTURE_TOKEN: { description: 'token of the thing store' } },
  environment: z.object({ FIXTURE_URL: z.url(), FIXTURE_TOKEN: z.string().startsWith('tok_') }),
  connect({ environment }): Vendor {
    if (environment.FIXTURE_URL.includes('refused')) throw new Error(`refused with ${environment.FIXTURE_TOKEN}`)
    return { created: [], aborted: [], token: environment.FIXTURE_TOKEN }
  },
  tools: [createThing, findThing, deleteThing],
})

/** An environment that the fixture takes. */
export const fixtureEnvironment = { FIXTURE_URL: 'http://127.0.0.1:9/', FIXTURE_TOKEN: 'tok_very_secret' }
