import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/remit-command.ts'
import { openContestants } from './contestants.ts'
import { plainLoop } from './plain-loop.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { tryScenario } from './try-scenario.ts'

// The model is scripted: a key in the shell is no reason to leave the machine.
const [planner, scripted] = openContestants({})

const named = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (!found) throw new RangeError(`there is no scenario ${name}`)
  return found
}

const some = ['onboarding', 'billing=lost', 'billing=declined', 'provisioning=broken', 'no tool can', '200 tools']

test.each(some)('%s ends as it should, whoever decides', async (name) => {
  for (const contestant of [planner, scripted]) {
    const done = contestant && (await tryScenario(named(name), contestant))
    expect(done?.result.problems).toEqual([])
  }
})

test.each(['ambiguous goal', 'injected instructions'])('%s ends as it should with a model', async (name) => {
  const done = scripted && (await tryScenario(named(name), scripted))
  expect(done?.result.problems).toEqual([])
})

test('a run that ends well without the systems holding what was asked is found out', async () => {
  const careless = { ...named('two calls'), vendors: named('two calls').vendors, judge: named('missing data').judge }
  const done = planner && (await tryScenario(careless, planner))
  expect(done?.result.problems).toContain('the run succeeded')
})

test('onboarding takes two model calls where a plain loop takes one for each tool call, and fewer tokens', async () => {
  const onboarding = named('onboarding')
  const done = scripted && (await tryScenario(onboarding, scripted))
  if (!done) throw new Error('nobody decided')
  const loop = plainLoop(done.ended.situation, onboarding.catalogue)
  expect(done.result.model_calls).toBe(2)
  expect(loop.turns).toBe(8)
  const ofLoop = loop.input + loop.cache_read + loop.cache_write
  expect(done.result.input_tokens).toBeLessThan(ofLoop / 2)
  // What the guide says is what is counted.
  const guide = readFileSync(join(root, 'docs/guides/claude.md'), 'utf8')
  for (const figure of [done.result.input_tokens, done.result.cache_read_tokens, ofLoop, loop.cache_read])
    expect(guide).toContain(` ${figure.toLocaleString('en-US')} |`)
})
