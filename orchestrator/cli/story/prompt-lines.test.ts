import { expect, test } from 'vitest'
import { answerText } from '../../../test/support/model/answer-text.ts'
import type { HeardBody } from '../../../test/support/model/messages-api.ts'
import { modelledRun } from '../../../test/support/model/modelled-run.ts'
import { customer, letter, office, officeGoal, officeInput, officeWorld } from '../../../test/support/model/office.ts'
import { modelOf } from '../../../test/support/model/onboarding-model.ts'
import { paint } from '../text/line.ts'
import { promptLines } from './prompt-lines.ts'

/** The blocks of a request, each after what says whose it is. */
function blocksOf({ system, messages }: HeardBody): string {
  const block = (role: string) => (one: { text: string; cache_control?: object }) => {
    const mark = one.cache_control ? `, cache_control ${JSON.stringify(one.cache_control)}` : ''
    return `--- ${role}${mark}\n${one.text}`
  }
  return [...system.map(block('system')), ...messages.flatMap(({ role, content }) => content.map(block(role)))].join(
    '\n',
  )
}

test('every request is shown whole, as it arrived, with its parameters, and every answer as it came', async () => {
  const search = answerText({ kind: 'find_tools', query: 'page of the web', why: '' })
  const good = modelOf([customer, letter])
  const { journal, api } = await modelledRun(
    (heard, nth) => (nth === 1 ? { text: search } : nth === 2 ? { status: 529, message: 'busy' } : good(heard)),
    { catalogue: office, goal: officeGoal(), input: officeInput, script: officeWorld },
  )
  const shown = promptLines(journal.events)
    .map((line) => paint(line, false))
    .join('\n')
  expect(api.heard).toHaveLength(4)
  let from = 0
  for (const { body } of api.heard) {
    const { system: _, messages: __, stream: ___, ...parameters } = body
    const request = `parameters: ${JSON.stringify(parameters)}\n${blocksOf(body)}\n`
    const at = shown.indexOf(request, from)
    expect(at).toBeGreaterThanOrEqual(from)
    from = at + request.length
  }
  expect(shown).toContain(`--- end_turn\n${search}`)
  expect(shown).toContain('The endpoint answered 529: busy')
  expect(shown).toContain('attempt 2')
})
