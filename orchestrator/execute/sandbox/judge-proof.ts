import type { Attack, Observation } from './attack.ts'

/** What a jail has shown of itself. */
export type Verdict = {
  /** Attacks that were tried and held. */
  held: Attack[]
  /** Those that nobody claims to stop. */
  gaps: Attack[]
  /** Those that got through although the driver claims to stop them: such a jail must not be used. */
  beaten: Observation[]
}

/** What is claimed, against what was seen. A claim that was not put to the test is beaten, too. */
export function judgeProof(
  claims: readonly Attack[],
  observations: readonly Observation[],
  tried: readonly Attack[],
): Verdict {
  const seen = new Map(observations.map((observation) => [observation.attack, observation]))
  const verdict: Verdict = { held: [], gaps: [], beaten: [] }
  for (const attack of tried) {
    const observation = seen.get(attack) ?? { attack, held: false, met: 'was not tried' }
    if (!claims.includes(attack)) verdict.gaps.push(attack)
    else if (observation.held) verdict.held.push(attack)
    else verdict.beaten.push(observation)
  }
  return verdict
}
