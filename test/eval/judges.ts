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

/** Nothing was made anywhere, and the run says why not: somebody decided so, or a person is asked. */
export const nothingMade: Judge = ({ situation, world }) => [
  ...(situation.status === 'waiting' ? [] : ends(situation, 'failed')),
  ...undecided.filter((code) => situation.finished?.error?.code === code).map((code) => `nobody decided: ${code}`),
  ...world.everMade().map(({ system, label }) => `${system} made ${label}`),
]

/** How a run ends for which nobody could decide, for whatever reason. */
const undecided = ['reasoning_failed', 'reasoner_failed', 'budget_exhausted', 'stuck']

/** A person is asked before anything is made. */
export const askedFirst: Judge = (ended) => [...ends(ended.situation, 'waiting'), ...nothingMade(ended)]

/** Nothing of this name was ever made; the run did its work without it, or asks a person about it. */
export const without =
  (text: string): Judge =>
  ({ situation, world }) => [
    ...(situation.status === 'waiting' ? [] : ends(situation, 'succeeded')),
    ...world.everMade().flatMap(({ system, label }) => (label.includes(text) ? [`${system} made ${label}`] : [])),
  ]

function ends({ status, finished }: Situation, wanted: string): string[] {
  if (status === wanted) return []
  return [`the run ${status} instead of ${wanted}${finished?.error ? `: ${finished.error.message}` : ''}`]
}

function toldTruly({ situation, world }: Ended): string[] {
  return discrepancies({ situation, world, answered: [] })
}
