import { isJsonObject, type Json } from '../../shared/json.ts'
import type { Origin } from '../model/call.ts'
import type { Goal } from '../model/goal.ts'

const placeholder = /\{[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\}/

/**
 * Tells the literals of a plan apart: one that the goal itself gives, whole or as a piece of one of its texts, has the origin
 * `goal`; any other was made up by whoever decided and has the origin `model`.
 */
export function literalOriginIn(goal: Pick<Goal, 'arguments' | 'on_trouble'>): (literal: Json) => Origin {
  const given = new Set<Json>()
  const collect = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) collect(item)
    else if (isJsonObject(value) && typeof value.$text === 'string')
      for (const piece of value.$text.split(placeholder)) given.add(piece)
    else if (isJsonObject(value)) for (const item of Object.values(value)) collect(item)
    else given.add(value)
  }
  collect(goal.arguments)
  if (goal.on_trouble) collect(goal.on_trouble.arguments)
  return (literal) => (given.has(literal) ? 'goal' : 'model')
}
