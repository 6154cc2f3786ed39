import { describe, expect, test } from 'vitest'
import type { Tool } from '../../model/catalogue.ts'
import { createOrg, findOrg } from './fixtures/org-tools.ts'
import { argumentsOf, fault, used } from './fixtures/plan-case.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

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
