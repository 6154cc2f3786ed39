import { expect, test } from 'vitest'
import type { Effect } from '../../shared/manifest.ts'
import type { CallPurpose, Origin } from '../model/call.ts'
import { contractOf } from '../model/catalogue.ts'
import { shop } from './fixtures/shop.ts'
import { judge } from './policy.ts'

function verdictOn(
  name: string,
  {
    purpose = 'task' as CallPurpose,
    tainted = false,
    to = ['input'] as Origin[],
    hold = [] as string[],
    undoes = undefined as Effect | undefined,
  } = {},
) {
  const tool = shop.tools.get(`shop.${name}`)
  const { verdict, rule } = judge({
    tool: tool && contractOf(tool),
    arguments: { to: 'a@acme.test', body: 'b' },
    provenance: { '/to': to, '/body': ['model'] },
    purpose,
    tainted,
    task: { id: 'task', tool: `shop.${name}` },
    undoes,
    settings: { hold },
  })
  return [verdict, rule]
}

test.each([
  ['find_account', {}, ['allow', 'reads-allowed']],
  ['create_account', {}, ['allow', 'creates-and-updates-by-reviewed-servers']],
  ['set_password', {}, ['allow', 'creates-and-updates-by-reviewed-servers']],
  ['delete_account', {}, ['deny', 'deletes-only-as-compensation']],
  [
    'delete_account',
    { purpose: 'compensation' as const, undoes: 'create' as const },
    ['allow', 'deletes-only-as-compensation'],
  ],
  [
    'delete_account',
    { purpose: 'compensation' as const, undoes: 'update' as const },
    ['deny', 'deletes-only-as-compensation'],
  ],
  ['find_account', { purpose: 'lookup' as const }, ['allow', 'reads-allowed']],
  ['create_account', { purpose: 'lookup' as const }, ['deny', 'lookups-only-read']],
  ['made_up', {}, ['deny', 'unknown-tools-never']],
  ['made_up', { purpose: 'compensation' as const }, ['deny', 'unknown-tools-never']],
  ['send_mail', { to: ['model' as const] }, ['allow', 'creates-and-updates-by-reviewed-servers']],
  ['send_mail', { tainted: true, to: ['input' as const] }, ['allow', 'creates-and-updates-by-reviewed-servers']],
  ['send_mail', { tainted: true, to: ['goal' as const] }, ['allow', 'creates-and-updates-by-reviewed-servers']],
  ['send_mail', { tainted: true, to: ['model' as const] }, ['hold', 'tainted-destination-held']],
  ['send_mail', { tainted: true, to: ['tool:shop.find_account' as const] }, ['hold', 'tainted-destination-held']],
  ['send_mail', { tainted: true, to: ['input' as const, 'model' as const] }, ['hold', 'tainted-destination-held']],
  ['send_mail', { tainted: true, to: [] }, ['hold', 'tainted-destination-held']],
  ['create_account', { hold: ['shop.create_account'] }, ['hold', 'held-by-configuration']],
  ['delete_account', { hold: ['shop.delete_account'] }, ['deny', 'deletes-only-as-compensation']],
])('%s with %j', (name, circumstances, answer) => {
  expect(verdictOn(name, circumstances)).toEqual(answer)
})

test('a destination that holds several leaves is held when one of them came from elsewhere', () => {
  const tool = shop.tools.get('shop.send_mail')
  const { verdict } = judge({
    tool: tool && contractOf(tool),
    arguments: { to: ['a', 'b'] },
    provenance: { '/to/0': ['input'], '/to/1': ['tool:shop.find_account'] },
    purpose: 'task',
    tainted: true,
    task: { id: 'mail', tool: 'shop.send_mail' },
    settings: { hold: [] },
  })
  expect(verdict).toBe('hold')
})
