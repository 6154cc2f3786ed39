/** Who may decide for runs that are started here. */
export interface KnownReasoner {
  name: string
  /** True where a goal may be a text. */
  reads_texts: boolean
  /** What has to be configured before it can be asked. */
  lacks?: string
}

/** Those that can decide here: the one that is asked for, or all of them, whoever is first before the others. */
export function usableReasoners(known: readonly KnownReasoner[], wanted?: string): KnownReasoner[] {
  return known.filter(({ name, lacks }) => lacks === undefined && (wanted === undefined || name === wanted))
}

/** Why no run can be started for a reasoner of that name; undefined where one can. */
export function faultOfReasoner(name: string, known: readonly KnownReasoner[]): string | undefined {
  const found = known.find((one) => one.name === name)
  if (!found) return `there is no reasoner ${name}; there are ${known.map((one) => one.name).join(' and ')}`
  return found.lacks === undefined ? undefined : `${name} cannot decide here: it needs ${found.lacks}`
}
