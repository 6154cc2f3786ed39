import { describe, expect, test } from 'vitest'
import { createOrg, everything } from './fixtures/org-tools.ts'
import { fault } from './fixtures/plan-case.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

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
