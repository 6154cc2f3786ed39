import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import type { Sealer } from '../model/seal.ts'
import { isSealed } from '../model/value.ts'
import { stringsIn } from './scrub.ts'

/** Arguments as a server gets them, and the texts in them that must not come back in a message. */
export interface Opened {
  value: JsonObject
  secrets: string[]
}

/** Opens every sealed leaf of the arguments. Throws where a seal does not open: the key was erased, or it is not this run's. */
export function openSealed(args: JsonObject, sealer: Sealer): Opened {
  const secrets: string[] = []
  const visit = (node: Json): Json => {
    if (isSealed(node)) {
      const value = sealer.open(node)
      secrets.push(...stringsIn(value))
      return value
    }
    if (Array.isArray(node)) return node.map(visit)
    if (!isJsonObject(node)) return node
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item)]))
  }
  const value = Object.fromEntries(Object.entries(args).map(([key, item]) => [key, visit(item)]))
  return { value, secrets }
}
