import type { Situation } from '../model/situation.ts'

/** How often in a row tools may be looked for before something has to come of it. */
const mostSearches = 5

/** Why the search for tools that was just decided leads nowhere; undefined where it may. */
export function searchProblem({ decisions }: Situation): string | undefined {
  const other = decisions.findLastIndex(({ decision, problems }) => decision.kind !== 'find_tools' && !problems)
  const searches = decisions
    .slice(other + 1)
    .flatMap(({ decision }) => (decision.kind === 'find_tools' ? decision : []))
  const query = searches.at(-1)?.query.trim().toLowerCase()
  const same = searches.filter((search) => search.query.trim().toLowerCase() === query)
  if (same.length > 1) return 'this was searched for before, and what was found is shown'
  if (searches.length > mostSearches)
    return `tools were searched for ${mostSearches} times in a row: use what was found`
  return undefined
}
