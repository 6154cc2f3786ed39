import type { Failure } from '../../shared/failure.ts'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { Provenance } from '../model/call.ts'
import type { Goal } from '../model/goal.ts'
import { inputProvenanceOf, originsAt } from '../model/input-provenance.ts'
import type { CallState, Situation } from '../model/situation.ts'
import { freeText } from '../model/sub-goals.ts'

/** Where the goals of sub-goals come from. */
export interface ChildGoals {
  /** The goal as it is today, where there is one of that name. */
  goalNamed(name: string): Goal | undefined
  /** A goal in free text, or what is wrong with it. */
  goalInWords(text: string, outcomes: readonly string[], input: JsonObject): Goal | Failure
}

/** What the run of a sub-goal pursues, or why there can be none. */
export type ChildGoal = { goal: Goal; input: JsonObject; input_provenance: Provenance } | { failure: Failure }

/** The goal that a call gives to a run of its own. What a tool returned may be data of that run, and never its goal. */
export function childGoal(
  { server, tool, arguments: args, provenance }: CallState,
  parent: Situation,
  goals: ChildGoals,
): ChildGoal {
  const name = parent.tools[`${server}.${tool}`]?.sub_goal?.goal ?? ''
  const input = isJsonObject(args.input) ? args.input : {}
  const input_provenance = inputProvenanceOf(provenance)
  if (name !== freeText) {
    const goal = goals.goalNamed(name)
    return goal
      ? { goal, input, input_provenance }
      : { failure: { kind: 'not_found', message: `There is no goal ${tool} any more` } }
  }
  const strange = originsAt(provenance, '/text').filter((origin) => !mayAsk.has(origin))
  if (strange.length > 0)
    return {
      failure: { kind: 'denied', message: `/text is from ${strange.join(', ')}: what comes from there is no goal` },
    }
  const { text = '', outcomes = [] } = args
  const goal = goals.goalInWords(String(text), Array.isArray(outcomes) ? outcomes.map(String) : [], input)
  return 'kind' in goal ? { failure: goal } : { goal, input, input_provenance }
}

/** From where the words of a goal may be. */
const mayAsk: ReadonlySet<string> = new Set(['input', 'goal', 'model'])
