import { listPrices, usageOf } from '../../orchestrator/decide/claude/prices.ts'
import type { Usage } from '../../orchestrator/model/decision.ts'
import type { Contestant } from './contestants.ts'
import { plainLoop } from './plain-loop.ts'
import { scenarios } from './scenarios.ts'
import { tryScenario } from './try-scenario.ts'

/** What both are priced as. */
const model = 'claude-opus-5-5'

/** Onboarding on a good day, by a plan and by a plain loop over the same tools: a line each, as the guide has them. */
export async function compareWithLoop(scripted: Contestant): Promise<Record<string, string>[] | undefined> {
  const onboarding = scenarios.find(({ name }) => name === 'onboarding')
  const done = onboarding && (await tryScenario(onboarding, scripted))
  if (!done) return undefined
  const { situation } = done.ended
  const { turns, ...tokens } = plainLoop(situation, onboarding.catalogue)
  return [
    row('a plan, then a finish', situation.usage),
    row('one tool call a turn', { ...usageOf(model, tokens, listPrices), model_calls: turns }),
  ]
}

function row(how: string, { model_calls, input_tokens, cache_read_tokens = 0, output_tokens, cost_usd }: Usage) {
  const figure = (count: number) => count.toLocaleString('en-US')
  return {
    'onboarding by': how,
    'model calls': figure(model_calls),
    'tokens in': figure(input_tokens),
    'of those from the cache': figure(cache_read_tokens),
    'tokens out': figure(output_tokens),
    US$: cost_usd.toFixed(3),
  }
}
