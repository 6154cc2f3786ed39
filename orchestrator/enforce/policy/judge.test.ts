import { describe, expect, test } from 'vitest'
import type { Origin } from '../../model/call.ts'
import { contractOf } from '../../model/catalogue.ts'
import { defaultPolicy, holding } from '../fixtures/policies.ts'
import { shop } from '../fixtures/shop.ts'
import { judge } from './judge.ts'
import { policyOf } from './policy.ts'
import type { Proposal } from './proposal.ts'
import type { Rule } from './rule.ts'

function propose(name: string, more: Partial<Proposal> = {}): Proposal {
  const tool = shop.tools.get(`shop.${name}`)
  return {
    tool: tool && contractOf(tool),
    scopes: ['mail:send'],
    arguments: { to: 'a@acme.test', body: 'b' },
    provenance: { '/to': ['input'], '/body': ['model'] },
    purpose: 'task',
    tainted: false,
    task: { id: 'task', tool: `shop.${name}` },
    run: { tenant: 'acme', principal: 'local:ada', goal: 'onboard', mode: 'emulated' },
    ...more,
  }
}

const rule = (when: string, verdict: Rule['verdict'], more: Partial<Rule> = {}): Rule => ({
  name: 'of-the-test',
  when,
  verdict,
  reason: 'because',
  four_eyes: false,
  ...more,
})

const from = (...origins: Origin[]) => ({ provenance: { '/to': origins, '/body': ['model' as const] } })

describe('the guards and the rules that ship', () => {
  test.each<[string, Partial<Proposal>, [string, string]]>([
    ['find_account', {}, ['allow', 'reads-allowed']],
    ['create_account', {}, ['allow', 'creates-and-updates-by-reviewed-servers']],
    ['set_password', {}, ['allow', 'creates-and-updates-by-reviewed-servers']],
    ['delete_account', {}, ['deny', 'deletes-only-as-compensation']],
    ['delete_account', { purpose: 'compensation', undoes: 'create' }, ['allow', 'deletes-only-as-compensation']],
    ['delete_account', { purpose: 'compensation', undoes: 'update' }, ['deny', 'deletes-only-as-compensation']],
    ['find_account', { purpose: 'lookup' }, ['allow', 'lookups-only-read']],
    ['create_account', { purpose: 'lookup' }, ['deny', 'lookups-only-read']],
    ['made_up', {}, ['deny', 'unknown-tools-never']],
    ['made_up', { purpose: 'compensation' }, ['deny', 'unknown-tools-never']],
    ['send_mail', from('model'), ['allow', 'creates-and-updates-by-reviewed-servers']],
    ['send_mail', { tainted: true }, ['allow', 'creates-and-updates-by-reviewed-servers']],
    ['send_mail', { tainted: true, ...from('goal') }, ['allow', 'creates-and-updates-by-reviewed-servers']],
    ['send_mail', { tainted: true, ...from('model') }, ['hold', 'tainted-destination-held']],
    ['send_mail', { tainted: true, ...from('trigger:stripe') }, ['hold', 'tainted-destination-held']],
    ['send_mail', { tainted: true, ...from('tool:shop.find_account') }, ['hold', 'tainted-destination-held']],
    ['send_mail', { tainted: true, ...from('input', 'model') }, ['hold', 'tainted-destination-held']],
    ['send_mail', { tainted: true, provenance: {} }, ['hold', 'tainted-destination-held']],
  ])('%s with %j', (name, circumstances, answer) => {
    const { verdict, rule } = judge(propose(name, circumstances), defaultPolicy)
    expect([verdict, rule]).toEqual(answer)
  })

  test('hold a destination of several leaves when one of them came from elsewhere, and name it', () => {
    const several = propose('send_mail', {
      arguments: { to: ['a', 'b'] },
      provenance: { '/to/0': ['input'], '/to/1': ['tool:shop.find_account'] },
      tainted: true,
    })
    expect(judge(several, defaultPolicy)).toEqual({
      verdict: 'hold',
      rule: 'tainted-destination-held',
      reason: 'task would send data to /to of shop.send_mail, which neither the input nor the goal gave',
    })
  })
})

describe('the rules of an operator', () => {
  test('come before those that ship, the first that matches deciding', () => {
    const policy = policyOf([
      rule('tool == "shop.send_mail" && origins.exists(o, o == "trigger:signups")', 'allow', { name: 'trusted' }),
      rule('tool == "shop.send_mail"', 'deny', {
        name: 'no-mail',
        reason: '{principal} may not use {tool} of {server}',
      }),
    ])
    const trusted = propose('send_mail', { tainted: true, ...from('trigger:signups') })
    expect(judge(trusted, policy)).toMatchObject({ verdict: 'allow', rule: 'trusted' })
    expect(judge(propose('send_mail'), policy)).toEqual({
      verdict: 'deny',
      rule: 'no-mail',
      reason: 'local:ada may not use shop.send_mail of shop',
    })
    expect(judge(propose('create_account'), policy)).toMatchObject({ verdict: 'allow' })
  })

  test.each([
    'tool == "shop.send_mail" && server == "shop" && effect == "create"',
    '"mail:send" in scopes',
    'arguments.to.endsWith("@acme.test")',
    'principal.startsWith("local:") && tenant == "acme" && goal == "onboard" && mode == "emulated"',
    'provenance["/body"] == ["model"]',
    'destinations == ["/to"] && untrusted_destinations.size() == 0',
    '!tainted',
    'cost_usd != null && cost_usd > 2.0',
  ])('may ask: %s', (when) => {
    const { rule: decisive } = judge(propose('send_mail', { cost_usd: 2.5 }), policyOf([rule(when, 'hold')]))
    expect(decisive).toBe('of-the-test')
  })

  test('can neither allow what a guard denies nor hold an undo', () => {
    const allowAll = policyOf([rule('true', 'allow')])
    expect(judge(propose('delete_account'), allowAll).verdict).toBe('deny')
    const undo = propose('delete_account', { purpose: 'compensation', undoes: 'create' })
    expect(judge(undo, holding('shop.delete_account')).verdict).toBe('allow')
  })

  test.each([
    ['allow', 'hold'],
    ['hold', 'hold'],
    ['deny', 'deny'],
  ] as const)('that say %s and cannot be judged say %s, and why', (verdict, answer) => {
    const policy = policyOf([rule('arguments.seats > 3', verdict)])
    expect(judge(propose('send_mail'), policy)).toEqual({
      verdict: answer,
      rule: 'of-the-test',
      reason: 'the rule of-the-test cannot be judged for shop.send_mail: No such key: seats',
    })
  })

  test('see no sensitive value', () => {
    const sealed = propose('set_password', { arguments: { password: { $sealed: 'v1.a.b.c' } } })
    expect(judge(sealed, policyOf([rule('arguments.password == "[sealed]"', 'hold')])).verdict).toBe('hold')
  })

  test('ask for a second pair of eyes only where they hold', () => {
    const policy = policyOf([rule('true', 'hold', { four_eyes: true })])
    expect(judge(propose('send_mail'), policy)).toMatchObject({ verdict: 'hold', four_eyes: true })
    expect(judge(propose('send_mail'), holding('shop.send_mail'))).not.toHaveProperty('four_eyes')
  })
})

test('the digest of a policy changes with its rules and with their order', () => {
  const [one, other] = [rule('true', 'hold', { name: 'one' }), rule('true', 'deny', { name: 'other' })]
  const digests = [[], [one], [one, other], [other, one]].map((rules) => policyOf(rules).digest)
  expect(new Set(digests).size).toBe(digests.length)
})
