import { expect, test } from 'vitest'
import { shop } from '../enforce/fixtures/shop.ts'
import type { Tool } from '../model/catalogue.ts'
import { goalSchema } from '../model/goal.ts'
import { inputProperties } from '../model/input-facts.ts'
import { callGoal } from './call-goal.ts'

const tool = (name: string) => shop.tools.get(`shop.${name}`) as Tool

test('the goal of a call may use that tool alone, and what it establishes stands or is undone', () => {
  expect(callGoal(tool('create_account'))).toMatchObject({
    goal: 'shop-create_account',
    call: 'shop.create_account',
    tools: ['shop.create_account'],
    outcomes: [{ fact: 'shop.account', on_failure: 'undo' }],
  })
})

test('what is sensitive in the input of the tool is sensitive in the input of the run, however deep it stands', () => {
  const marked: Tool = {
    ...tool('create_account'),
    input: { type: 'object', properties: { people: { type: 'array', items: { type: 'object' } }, name: {} } },
    marks: {
      input: { facts: {}, sensitive: ['/name', '/people/*/birthday'], destinations: [] },
      output: { facts: {}, sensitive: [], destinations: [] },
    },
  }
  const sensitive = inputProperties(callGoal(marked).input).filter((property) => property.sensitive)
  expect(sensitive.map(({ pointer }) => pointer).sort()).toEqual(['/name', '/people/*/birthday'])
})

test('no goal file can ask for a call', () => {
  const file = { goal: 'x', title: 'X', input: {}, outcomes: [{ fact: 'shop.account' }], call: 'shop.create_account' }
  expect(goalSchema.safeParse(file).success).toBe(false)
})
