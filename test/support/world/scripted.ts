import type { Decision, Task } from '../../../orchestrator/model/decision.ts'
import { evidenceFor } from '../../../orchestrator/model/evidence.ts'
import type { Situation } from '../../../orchestrator/model/situation.ts'
import type { RunReasoner } from '../../../orchestrator/run/parts.ts'
import { unmetFacts } from '../../../orchestrator/run/unmet-facts.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { idOf } from './house-tools.ts'
import { type House, houseNames } from './houses.ts'
import type { Story } from './story.ts'
import { makeToolOf, townArguments } from './town.ts'

/** Plans once, for every outcome and what it needs; then finishes with what there is, or gives up what there is not. */
export function scripted(story: Story): RunReasoner {
  const usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
  const decide = (situation: Situation): Decision => {
    if (situation.revision === 0) return { kind: 'plan', tasks: tasksOf(story), why: '' }
    const facts = unmetFacts(situation)
    if (facts.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
    return { kind: 'give_up', code: 'task_failed', facts, issues: [], why: 'It failed.' }
  }
  return {
    name: 'scripted',
    digest: 'sha256:scripted',
    decide: async (situation) => ({ decision: decide(situation), usage }),
  }
}

function tasksOf({ outcomes, needs, after }: Story): Task[] {
  const wanted = new Set<House>()
  const want = (house: House): void => {
    for (const needed of needs[house] ?? []) want(needed)
    wanted.add(house)
  }
  for (const house of houseNames) if (outcomes[house]) want(house)
  const literals = townArguments()
  return [...wanted].map((house) => {
    const ids: JsonObject = Object.fromEntries(
      (needs[house] ?? []).map((needed) => [idOf(needed), { $ref: `/tasks/${needed}/output/id` }]),
    )
    const value = house === 'quota' ? { value: literals['quota.value'] ?? null } : {}
    return {
      id: house,
      tool: makeToolOf(house),
      arguments: { label: literals[`${house}.label`] ?? null, ...value, ...ids },
      after: (after[house] ?? []).filter((other) => wanted.has(other)),
      why: '',
    }
  })
}
