import type { Json, JsonObject } from '../../shared/json.ts'
import { getAt } from '../../shared/json-pointer.ts'
import type { Situation } from '../model/situation.ts'

/** What exists now: every fact that a succeeded task's output holds, except of those that only told people of trouble. Sensitive values stay sealed. */
export function resultOf(situation: Situation): JsonObject {
  const result: { [fact: string]: Json } = {}
  for (const task of situation.tasks.values()) {
    const marks = situation.tools[task.tool]?.marks.output
    if (task.notice || task.status !== 'succeeded' || task.output === undefined || !marks) continue
    for (const [pointer, fact] of Object.entries(marks.facts)) {
      const value = getAt(task.output, pointer)
      if (value !== undefined) result[fact] = value
    }
  }
  return result
}
