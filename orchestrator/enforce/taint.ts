import type { Origin, Provenance } from '../model/call.ts'
import type { Situation } from '../model/situation.ts'

/** True once a decision of the run, or of a run that it is a part of, was made after untrusted output had been seen. */
export function isTainted({ created, decisions }: Pick<Situation, 'created' | 'decisions'>): boolean {
  return created.parent?.tainted === true || decisions.some(({ tainted }) => tainted)
}

/** True where untrusted output is before a reasoner that reads what there is: what calls returned, or what the run was given. */
export function seesUntrusted({ created, settlements }: Pick<Situation, 'created' | 'settlements'>): boolean {
  return settlements > 0 || created.parent?.untrusted !== undefined
}

/**
 * Where what a sub-goal is given came from, as far as neither a person nor a goal gave it. A model's own words are untrusted
 * once its decisions are tainted.
 */
export function untrustedOrigins(provenance: Provenance, parent: Situation): Origin[] {
  const isTrusted = (origin: Origin) =>
    origin === 'input' || origin === 'goal' || (origin === 'model' && !isTainted(parent))
  return [...new Set(Object.values(provenance).flat())].filter((origin) => !isTrusted(origin)).sort()
}
