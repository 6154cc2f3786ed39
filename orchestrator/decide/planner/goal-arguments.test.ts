import { describe, expect, test } from 'vitest'
import { createOrg } from './fixtures/org-tools.ts'
import { argumentsOf, type Case, fault } from './fixtures/plan-case.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

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
