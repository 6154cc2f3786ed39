/** The known names closest to one that is not known, best first: for "did you mean". Those much farther than the best are left out. */
export function nearest(name: string, known: Iterable<string>, limit = 3): string[] {
  const farthest = Math.max(2, Math.floor(name.length / 3))
  const matches = [...known]
    .map((candidate) => ({ candidate, distance: distance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  const best = matches[0]?.distance ?? 0
  return matches
    .filter((match) => match.distance <= Math.min(farthest, best + 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate)
}

/** `; did you mean a or b?`, or nothing where no name is close. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const matches = nearest(name, known)
  return matches.length === 0 ? '' : `; did you mean ${matches.join(' or ')}?`
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, right] of [...b].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}
