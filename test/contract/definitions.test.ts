import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AnyServer } from '../../shared/capability/define-server.ts'
import type { AnyTool } from '../../shared/capability/define-tool.ts'
import { server as fixture } from '../support/fixture-server.ts'
import { definitionFaults } from './suite/definition-faults.ts'

const [create, find, remove] = fixture.tools
if (!create || !find || !remove) throw new Error('the fixture has three tools')

const withTool = (changes: Partial<AnyTool<unknown>>): AnyServer => ({
  ...fixture,
  tools: [{ ...create, ...changes }, find, remove],
})

describe('the definition rules', () => {
  it.each<[string, AnyServer, RegExp]>([
    ['a name that is no verb and noun', withTool({ name: 'thing' }), /<verb>_<noun>/],
    ['an empty title', withTool({ title: ' ' }), /no title/],
    ['orders to the model', withTool({ description: 'You must call this first.' }), /orders/],
    ['an unsafe read', { ...fixture, tools: [{ ...find, idempotency: 'none' }] }, /a read is natural/],
    ['an effect without a scope', withTool({ scopes: [] }), /which scope/],
    ['a scope of another form', withTool({ scopes: ['everything'] }), /<things>:<action>/],
    ['another namespace', withTool({ establishes: ['billing.thing'] }), /own namespace/],
    ['an expression that is not CEL', withTool({ expect: 'output.x ===' }), /not CEL/],
    ['a missing target', withTool({ lookup: { tool: 'look_away', arguments: {} } }), /does not exist/],
    [
      'a lookup with an effect',
      withTool({ lookup: { tool: 'delete_thing', arguments: { thing_id: 'x' } } }),
      /no read/,
    ],
    ['a missing argument', withTool({ lookup: { tool: 'find_thing', arguments: {} } }), /leaves out/],
    [
      'an unknown argument',
      withTool({ lookup: { tool: 'find_thing', arguments: { name: 'x', nam: 'x' } } }),
      /unknown/,
    ],
    ['a literal of another type', withTool({ lookup: { tool: 'find_thing', arguments: { name: 7 } } }), /does not fit/],
    [
      'a reference into nothing',
      withTool({ lookup: { tool: 'find_thing', arguments: { name: { $ref: '/output/nam' } } } }),
      /points at nothing/,
    ],
    [
      'a reference of another type',
      withTool({ lookup: { tool: 'find_thing', arguments: { name: { $ref: '/arguments/parts' } } } }),
      /is of type array, wanted is string/,
    ],
    ['a tool defined twice', { ...fixture, tools: [find, find] }, /defined twice/],
    [
      'a variable that nobody supplies',
      { ...fixture, environment: fixture.environment.extend({ X: z.string() }) },
      /X is required/,
    ],
    [
      'a slot that nobody reads',
      { ...fixture, endpoints: { Y: { description: 'y', protocol: 'http' } } },
      /Y is declared/,
    ],
    [
      'a placeholder that the server would refuse',
      {
        ...fixture,
        credentials: {
          FIXTURE_TOKEN: {
            description: 'x',
            delivery: 'egress',
            endpoint: 'FIXTURE_URL',
            header: { form: 'bearer' },
            placeholder: 'nothing',
          },
        },
      },
      /FIXTURE_TOKEN has a placeholder/,
    ],
  ])('finds %s', (_, server, fault) => {
    expect(definitionFaults(server).join('\n')).toMatch(fault)
  })

  it('finds an effect without idempotency, and a create that can be neither undone nor looked up', () => {
    const { idempotency: _i, compensation: _c, lookup: _l, ...bare } = create
    expect(definitionFaults({ ...fixture, tools: [bare] })).toEqual([
      'create_thing: a create must declare its idempotency',
      'create_thing: a create that cannot be undone needs a lookup, or idempotency none',
    ])
  })
})
