import type { Issue } from '../../shared/failure.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import type { Tool } from './catalogue.ts'

/** The facts among those outcomes that none of the tools establishes, by their places, with the nearest that one does. */
export function faultsOfOutcomes(outcomes: readonly string[], tools: Iterable<Pick<Tool, 'establishes'>>): Issue[] {
  const facts = new Set([...tools].flatMap(({ establishes }) => establishes))
  return outcomes.flatMap((fact, index) =>
    facts.has(fact) ? [] : [{ path: `/${index}`, message: `no tool establishes ${fact}${didYouMean(fact, facts)}` }],
  )
}
