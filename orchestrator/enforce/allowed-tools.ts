/** Whether a list of tools and servers (`billing.create_customer`, `billing.*`) names a tool; no list names every tool. */
export function isAllowed(patterns: readonly string[] | undefined, toolId: string): boolean {
  return patterns === undefined || patterns.some((pattern) => covers(pattern, toolId))
}

/** What two lists both allow: a sub-goal never has more tools than the run that it is a part of. */
export function narrowTools(
  ours: readonly string[] | undefined,
  theirs: readonly string[] | undefined,
): string[] | undefined {
  if (ours === undefined || theirs === undefined) return ours || theirs ? [...(ours ?? theirs ?? [])] : undefined
  const common = [
    ...ours.filter((one) => theirs.some((other) => covers(other, one))),
    ...theirs.filter((one) => ours.some((other) => covers(other, one))),
  ]
  return [...new Set(common)]
}

function covers(pattern: string, toolOrPattern: string): boolean {
  return pattern === toolOrPattern || (pattern.endsWith('.*') && toolOrPattern.startsWith(pattern.slice(0, -1)))
}
