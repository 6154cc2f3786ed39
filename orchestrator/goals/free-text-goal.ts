import type { JsonObject } from '../../shared/json.ts'
import { type Goal, goalSchema, type Outcome } from '../model/goal.ts'
import { freeText } from '../model/sub-goals.ts'

/** A longer text is cut where only a title has room. */
const longestTitle = 80

/**
 * A goal in free text. Outcomes may be named, so that the record proves them; without any, a model says what it did. What
 * the input gives under the name of a fact (`slack.channel`) is that fact.
 */
export function freeTextGoal(text: string, outcomes: readonly string[], input: JsonObject): Goal {
  const words = text.trim().replace(/\s+/g, ' ')
  const title = words.length > longestTitle ? `${words.slice(0, longestTitle - 1).toWellFormed()}…` : words
  const properties = Object.keys(input).flatMap((name) => (isFact(name) ? [[name, { fact: name }]] : []))
  const goal = goalSchema.omit({ outcomes: true }).parse({
    goal: freeText,
    title,
    description: words === title ? '' : text.trim(),
    input: { type: 'object', properties: Object.fromEntries(properties) },
  })
  return { ...goal, outcomes: outcomes.map((fact): Outcome => ({ fact, on_failure: 'wait', existing: false })) }
}

function isFact(name: string): boolean {
  return /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(name)
}
