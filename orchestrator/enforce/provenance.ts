import { isJsonObject, type Json } from '../../shared/json.ts'
import type { Origin } from '../model/call.ts'
import type { Goal } from '../model/goal.ts'
import { parseTextTemplate } from '../model/text-template.ts'

/**
 * Tells the literals of a plan apart: one that the goal itself gives, whole or as a piece of one of its texts, has the origin
 * `goal`; any other was made up by whoever decided and has the origin `model`.
 */
export function literalOriginIn(goal: Pick<Goal, 'arguments' | 'on_trouble'>): (literal: Json) => Origin {
  const given = new Set<Json>()
  const collect = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) collect(item)
    else if (isJsonObject(value) && typeof value.$text === 'string') collectPieces(value.$text)
    else if (isJsonObject(value)) for (const item of Object.values(value)) collect(item)
    else given.add(value)
  }
  const collectPieces = (template: string): void => {
    const written = parseTextTemplate(template).flatMap((part) =>
      typeof part === 'string' ? [part] : part.fallback === undefined ? [] : [part.fallback],
    )
    for (const piece of written) given.add(piece)
  }
  collect(goal.arguments)
  if (goal.on_trouble) collect(goal.on_trouble.arguments)
  return (literal) => (given.has(literal) ? 'goal' : 'model')
}
