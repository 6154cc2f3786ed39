import type { Json, JsonObject } from '../../shared/json.ts'
import { getAt } from '../../shared/json-pointer.ts'
import type { Origin, Provenance } from './call.ts'
import { digestSealed } from './seal.ts'
import { leavesOf } from './value.ts'

/** The provenance of a value all of which came from one place. */
export function provenanceFrom(value: Json, origin: Origin): Provenance {
  return Object.fromEntries(leavesOf(value).map((leaf) => [leaf, [origin]]))
}

/** Where a value of the input came from; what the provenance does not name was given by who started the run. */
export function originsAt(provenance: Provenance, pointer: string): Origin[] {
  const exact = provenance[pointer]
  if (exact) return exact
  const below = Object.entries(provenance).filter(([leaf]) => leaf.startsWith(`${pointer}/`))
  // A sensitive value is sealed whole, whatever it is made of.
  return below.length === 0 ? ['input'] : [...new Set(below.flatMap(([, origins]) => origins))].sort()
}

/** The provenance of an input that a person changed: what is not as it was, they gave. */
export function afterChange(provenance: Provenance, before: JsonObject, after: JsonObject): Provenance {
  return Object.fromEntries(
    Object.entries(provenance).filter(([leaf]) => {
      const [was, is] = [getAt(before, leaf), getAt(after, leaf)]
      // A leaf within what is sealed cannot be told apart: it keeps its origin.
      if (was === undefined || is === undefined) return was === is
      return digestSealed(was) === digestSealed(is)
    }),
  )
}

/** The provenance of the input of a sub-goal, from that of the arguments with which it is called. */
export function inputProvenanceOf(call: Provenance): Provenance {
  return Object.fromEntries(
    Object.entries(call)
      .filter(([leaf, origins]) => leaf.startsWith('/input/') && origins.some((origin) => origin !== 'input'))
      .map(([leaf, origins]) => [leaf.slice('/input'.length), origins]),
  )
}

/** True where a part of the input came from outside, by nobody's hand who may start runs. */
export function isFromOutside(provenance: Provenance): boolean {
  return Object.values(provenance).some((origins) =>
    origins.some((origin) => origin === 'client' || origin.startsWith('trigger:')),
  )
}

/** True where a part of the input is what a tool returned. */
export function holdsOutput(provenance: Provenance): boolean {
  return Object.values(provenance).some((origins) => origins.some((origin) => origin.startsWith('tool:')))
}
