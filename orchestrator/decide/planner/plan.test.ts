import { describe, expect, test } from 'vitest'
import { createCustomer, createOrg, everything, findOrg } from './fixtures/org-tools.ts'
import { argumentsOf, fault, tasks, used } from './fixtures/plan-case.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

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

test('each task says what it is for', () => {
  const given = { outcomes: ['orgs.org', 'billing.subscription'], tools: everything, input: { 'orgs.slug': 'acme' } }
  expect(tasks(given).map(({ why }) => why)).toEqual([
    'establishes orgs.org; supplies orgs.org_id to create_customer',
    'supplies billing.customer_id to subscribe',
    'establishes billing.subscription',
  ])
})
