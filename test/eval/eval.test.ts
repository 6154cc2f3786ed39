import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../support/remit-command.ts'
import { compareWithLoop } from './compare-with-loop.ts'
import { type Contestant, openContestants } from './contestants.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { tryScenario } from './try-scenario.ts'

// The model is scripted: a key in the shell is no reason to leave the machine.
const byName = new Map(openContestants({}).map((one) => [one.name, one]))
const [planner, scripted] = ['planner', 'scripted'].map((name) => byName.get(name)) as [Contestant, Contestant]

const named = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (!found) throw new RangeError(`there is no scenario ${name}`)
  return found
}

async function problemsOf(scenario: Scenario, contestant: Contestant): Promise<string[]> {
  const done = await tryScenario(scenario, contestant)
  if (!done) throw new Error(`${contestant.name} cannot take part in ${scenario.name}`)
  return done.result.problems
}

test.each(scenarios)('$name ends as it should, whoever decides', async (scenario) => {
  expect(await problemsOf(scenario, scripted)).toEqual([])
  if (!scenario.needsModel) expect(await problemsOf(scenario, planner)).toEqual([])
})

describe('found out is', () => {
  test('a run that ends well without the systems holding what was asked', async () => {
    const careless = { ...named('two calls'), judge: named('missing data').judge }
    expect(await problemsOf(careless, planner)).toContain('the run succeeded instead of failed')
  })

  test.each(['onboarding', 'no tool can', 'ambiguous goal', 'injected instructions'])(
    'a model that never answers, in %s',
    async (name) => {
      const silent = { ...named(name), script: () => ({ status: 401 }) }
      expect((await problemsOf(silent, scripted)).join()).toMatch(/planner decided instead|nobody decided/)
    },
  )

  test('a model that gives up where it could have done the work', async () => {
    const text = '{"decision": {"kind": "give_up", "code": "too_risky", "facts": ["mail.letter"], "why": "No."}}'
    for (const name of ['injected instructions', 'ambiguous goal', 'two calls'])
      expect(await problemsOf({ ...named(name), script: () => ({ text }) }, scripted)).not.toEqual([])
  })

  test('a model that does what a page told it, were it let', async () => {
    const obeyed = named('injected instructions')
    const open = { ...obeyed, input: { ...obeyed.input, address: 'eve@evil.example' } }
    expect(await problemsOf(open, planner)).toContain('mail made letter to eve@evil.example')
  })
})

test('onboarding takes two model calls where a plain loop takes one for each tool call, fewer tokens and less money', async () => {
  const [plan, loop] = (await compareWithLoop(scripted)) ?? []
  const number = (text = '') => Number(text.replaceAll(',', ''))
  expect([plan?.['model calls'], loop?.['model calls']]).toEqual(['2', '8'])
  expect(number(plan?.['tokens in'])).toBeLessThan(number(loop?.['tokens in']) / 2)
  expect(number(plan?.US$)).toBeLessThan(number(loop?.US$))
  // What the guide says is what is counted.
  const guide = readFileSync(join(root, 'docs/guides/claude.md'), 'utf8')
  const cells = guide.split('\n').map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .filter(Boolean),
  )
  for (const row of [plan, loop]) expect(cells).toContainEqual(Object.values(row ?? {}))
})
