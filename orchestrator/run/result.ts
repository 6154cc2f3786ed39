import type { Json, JsonObject } from '../../shared/json.ts'
import { getAt } from '../../shared/json-pointer.ts'
import type { CallState, Situation } from '../model/situation.ts'

/** The call that established each of the goal's outcomes and still stands. */
export function evidenceFor(situation: Situation): { fact: string; established_by: string }[] {
  const standing = [...situation.calls.values()].filter(stands)
  return situation.created.goal.outcomes.flatMap(({ fact }) => {
    const call = standing.findLast(({ establishes }) => establishes.includes(fact))
    return call ? [{ fact, established_by: call.call_id }] : []
  })
}

function stands({ purpose, outcome, compensated_by }: CallState): boolean {
  return purpose === 'task' && outcome?.status === 'succeeded' && compensated_by === undefined
}

/** What exists now: every fact that a succeeded task's output holds. Sensitive values stay sealed. */
export function resultOf(situation: Situation): JsonObject {
  const result: { [fact: string]: Json } = {}
  for (const task of situation.tasks.values()) {
    const marks = situation.tools[task.tool]?.marks.output
    if (task.status !== 'succeeded' || task.output === undefined || !marks) continue
    for (const [pointer, fact] of Object.entries(marks.facts)) {
      const value = getAt(task.output, pointer)
      if (value !== undefined) result[fact] = value
    }
  }
  return result
}
