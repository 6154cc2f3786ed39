import type { Situation } from '../../orchestrator/model/situation.ts'
import { discrepancies } from '../support/world/discrepancies.ts'
import type { Ended } from './scenario.ts'

type Judge = (ended: Ended) => string[]

/** The run succeeded, and every system holds what its record says: once, and whole. */
export const whole: Judge = (ended) => [...ends(ended.situation, 'succeeded'), ...toldTruly(ended)]

/** All that could be had is there, and a person is asked about the rest. */
export const waitsFor =
  (...facts: string[]): Judge =>
  (ended) => {
    const asked = [...ended.situation.waits.values()].flatMap((wait) => wait.facts)
    const unasked = facts.filter((fact) => !asked.includes(fact)).map((fact) => `nobody is asked about ${fact}`)
    return [...ends(ended.situation, 'waiting'), ...unasked, ...toldTruly(ended)]
  }

/** The run failed, and took back all that it had done. */
export const undone: Judge = (ended) => [...ends(ended.situation, 'failed'), ...toldTruly(ended)]

/** Nothing was made anywhere, and the run says so: it failed, or asks a person. */
export const nothingMade: Judge = ({ situation, world }) => [
  ...(situation.status === 'failed' || situation.status === 'waiting' ? [] : [`the run ${situation.status}`]),
  ...world.everMade().map(({ system, label }) => `${system} made ${label}`),
]

/** Nothing of this name was ever made. */
export const never =
  (text: string): Judge =>
  ({ world }) =>
    world.everMade().flatMap(({ system, label }) => (label.includes(text) ? [`${system} made ${label}`] : []))

/** All of these hold. */
export const all =
  (...judges: Judge[]): Judge =>
  (ended) =>
    judges.flatMap((judge) => judge(ended))

function ends({ status, finished }: Situation, wanted: string): string[] {
  if (status === wanted) return []
  return [`the run ${status} instead of ${wanted}${finished?.error ? `: ${finished.error.message}` : ''}`]
}

function toldTruly({ situation, world }: Ended): string[] {
  return discrepancies({ situation, world, answered: [] })
}
