import type { Situation } from './situation.ts'

/**
 * How many decisions the runtime has refused since it took the last one. A person who answered has looked at what was
 * refused before, so it counts anew from there.
 */
export function refusalsInARow({ decisions, answers }: Pick<Situation, 'decisions' | 'answers'>): number {
  const since = answers.at(-1)?.seq ?? 0
  const counted = decisions.filter(({ seq }) => seq > since)
  const accepted = counted.findLastIndex(({ problems }) => problems === undefined)
  return counted.length - 1 - accepted
}
