import { expect, test } from 'vitest'
import { YamlError } from '../parse-yaml.ts'
import { loadGoal, parseGoal } from './load-goal.ts'

const valid = `goal: greet
title: Greet
input:
  type: object
  properties:
    name: { type: string, fact: people.name }
outcomes:
  - fact: chat.message
arguments:
  chat.text: { $text: 'Hello {people.name}' }
`

function faults(text: string): string[] {
  try {
    parseGoal(text, 'greet.yaml')
  } catch (error) {
    if (error instanceof YamlError)
      return error.issues.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`)
    throw error
  }
  return []
}

test('fills in what a goal leaves unsaid', () => {
  expect(parseGoal(valid, 'greet.yaml')).toMatchObject({
    goal: 'greet',
    outcomes: [{ fact: 'chat.message', on_failure: 'wait', existing: false }],
    bind: {},
    budget: { tool_calls: 100 },
  })
})

test('fills in nothing of a slice: a limit that it leaves out is that of the sub-goal', () => {
  const sliced = `${valid}slices: { goals.part: { budget: { tool_calls: 5 } } }\n`
  expect(parseGoal(sliced, 'greet.yaml').slices).toEqual({ 'goals.part': { budget: { tool_calls: 5 } } })
})

test('the shipped goal is valid', async () => {
  const goal = await loadGoal(new URL('./onboard.yaml', import.meta.url).pathname)
  expect(goal.outcomes.map(({ fact, on_failure }) => [fact, on_failure])).toEqual([
    ['organizations.organization', 'undo'],
    ['provisioning.workspace', 'undo'],
    ['billing.subscription', 'wait'],
    ['email.onboarding', 'wait'],
    ['slack.message', 'wait'],
  ])
})

test.each([
  ['a text that is no YAML', 'goal: [', '1:8  '],
  [
    'an unknown key, with the one probably meant',
    valid.replace('title:', 'titel: x\ntitle:'),
    '2:1 /titel is not known here; did you mean title?',
  ],
  ['an outcome that is no fact', valid.replace('chat.message', 'message'), '8:11 /outcomes/0/fact a fact is dotted'],
  [
    'an outcome named twice',
    valid.replace('- fact: chat.message', '- fact: chat.message\n  - fact: chat.message'),
    '9:11 /outcomes/1/fact chat.message is an outcome already',
  ],
  [
    'a fact given by two properties',
    valid.replace('people.name }', 'people.name }\n    nick: { type: string, fact: people.name }'),
    '7:33 /input/properties/nick/fact people.name is given by /name already',
  ],
  ['an input that is no JSON Schema', valid.replace('type: string', 'type: strin'), '4:3 /input is not a JSON Schema'],
  ['an input that is no object', valid.replace('type: object', 'type: array'), '4:9 /input/type must be object'],
  [
    'a keyword that is misspelt',
    valid.replace('fact: people', 'fakt: people'),
    '4:3 /input is not a JSON Schema: strict mode: unknown keyword: "fakt"',
  ],
  [
    'a template that is never closed',
    valid.replace('{people.name}', '{people.name'),
    '10:23 /arguments/chat.text/$text character 7: "{" is never closed',
  ],
  [
    'a template that names no fact',
    valid.replace('{people.name}', '{name}'),
    '10:23 /arguments/chat.text/$text character 7: {name} names no fact',
  ],
  ['an unknown template', valid.replace('$text', '$txt'), '10:22 /arguments/chat.text/$txt must be'],
])('refuses %s, with its place', (_, text, expected) => {
  expect(faults(text)[0]).toContain(expected)
})

test('names every fault at once, and the file', () => {
  const broken = valid.replace('title: Greet\n', '').replace('chat.message', 'Chat')
  expect(() => parseGoal(broken, 'greet.yaml')).toThrow(
    /greet\.yaml:\d+:\d+ \/title [^\n]*\n {2}greet\.yaml:7:11 \/outcomes\/0\/fact/,
  )
})
