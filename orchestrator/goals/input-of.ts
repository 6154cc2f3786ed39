import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import type { Goal } from '../model/goal.ts'

/** A goal whose input is said to be that of a goal which is not there, or of itself. */
export class InputOfError extends Error {
  override readonly name = 'InputOfError'
}

/**
 * The goals with each `{input_of: <goal>}` in their input schemas replaced by the input schema of that goal, so that a list of
 * what another goal takes is checked whole, before anything starts. Throws an {@link InputOfError}.
 */
export function withInputsOf(goals: readonly Goal[]): Goal[] {
  const named = new Map(goals.map((goal) => [goal.goal, goal]))
  const replace = (node: Json, within: readonly string[]): Json => {
    if (Array.isArray(node)) return node.map((item) => replace(item, within))
    if (!isJsonObject(node)) return node
    if (typeof node.input_of === 'string') return schemaOf(node.input_of, within)
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replace(value, within)]))
  }
  const schemaOf = (name: string, within: readonly string[]): Json => {
    const goal = named.get(name)
    const [first = ''] = within
    if (!goal) throw new InputOfError(`The input of ${first} is to hold that of ${name}, and there is no such goal`)
    if (within.includes(name))
      throw new InputOfError(`The input of ${first} would hold itself: ${[...within, name].join(' → ')}`)
    return replace(goal.input, [...within, name])
  }
  return goals.map((goal) => ({ ...goal, input: replace(goal.input, [goal.goal]) as JsonObject }))
}
