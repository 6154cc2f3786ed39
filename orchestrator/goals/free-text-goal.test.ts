import { expect, test } from 'vitest'
import { freeTextGoal } from './free-text-goal.ts'
import { validateInput } from './validate-input.ts'

test('a goal in free text is its own description, and has a title that fits a line', () => {
  const text = `Tell everybody ${'that lunch is ready '.repeat(10)}`
  const goal = freeTextGoal(text, [], {})
  expect(goal).toMatchObject({ goal: 'free_text', description: text.trim(), outcomes: [] })
  expect(goal.title).toHaveLength(80)
  expect(freeTextGoal('Tell  everybody', [], {})).toMatchObject({ title: 'Tell everybody', description: '' })
})

test('what must hold at its end is waited for where it cannot be had', () => {
  expect(freeTextGoal('Tell', ['slack.message'], {}).outcomes).toEqual([
    { fact: 'slack.message', on_failure: 'wait', existing: false },
  ])
})

test('what its input gives under the name of a fact is that fact', () => {
  const input = { 'slack.channel': '#customers', words: ['any', 'thing'] }
  const goal = freeTextGoal('Tell', [], input)
  expect(goal.input.properties).toEqual({ 'slack.channel': { fact: 'slack.channel' } })
  expect(validateInput(goal, input)).toEqual({ ok: true, input })
})
