import type { Json, JsonObject } from '../../shared/json.ts'
import { getAt } from '../../shared/json-pointer.ts'
import type { ToolContract } from '../model/catalogue.ts'
import type { Situation } from '../model/situation.ts'

/**
 * What exists now: every fact that a succeeded task's output holds, except of those that only told people of trouble. What
 * was made for each item of a list is a list, of the items that succeeded; a sub-goal is the fact of its name, with what
 * exists because of its run. Sensitive values stay sealed.
 */
export function resultOf(situation: Situation): JsonObject {
  const result: { [fact: string]: Json } = {}
  const lists = new Map<string, Json[]>()
  for (const task of situation.tasks.values()) {
    const contract = situation.tools[task.tool]
    if (task.notice || task.for_each || task.status !== 'succeeded' || task.output === undefined || !contract) continue
    for (const [fact, value] of factsIn(task.output, contract)) {
      if (task.item_of === undefined) result[fact] = value
      else lists.set(fact, [...(lists.get(fact) ?? []), value])
    }
  }
  return { ...result, ...Object.fromEntries(lists) }
}

function factsIn(output: Json, { id, sub_goal, marks }: ToolContract): [string, Json][] {
  if (sub_goal) return [[id, output]]
  return Object.entries(marks.output.facts).flatMap(([pointer, fact]): [string, Json][] => {
    const value = getAt(output, pointer)
    return value === undefined ? [] : [[fact, value]]
  })
}
