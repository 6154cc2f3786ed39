import { holdsOutput } from '../model/input-provenance.ts'
import type { Situation } from '../model/situation.ts'

/**
 * True once a decision of the run, or of a run that it is a part of, was made after untrusted data had been seen. What a model
 * wrote into the input of a sub-goal is untrusted by this alone.
 */
export function isTainted({ created, decisions }: Pick<Situation, 'created' | 'decisions'>): boolean {
  return created.parent?.tainted === true || decisions.some(({ tainted }) => tainted)
}

/** True where output of tools is before a reasoner that reads it: what calls returned, or what a parent handed on of it. */
export function seesOutputs({ created, input_provenance, settlements }: Seen): boolean {
  return settlements > 0 || created.parent?.tainted === true || holdsOutput(input_provenance)
}

type Seen = Pick<Situation, 'created' | 'input_provenance' | 'settlements'>
