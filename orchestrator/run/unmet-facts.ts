import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'

/** The outcomes that no settled call establishes and that nobody waived. */
export function unmetFacts(situation: Situation): string[] {
  const met = new Set(evidenceFor(situation).map(({ fact }) => fact))
  return situation.created.goal.outcomes
    .map(({ fact }) => fact)
    .filter((fact) => !met.has(fact) && !situation.waived.has(fact))
}
