/** How deep JSON from outside may be nested: what walks it does so by recursion. */
export const mostDepth = 64

/** True where a JSON value is nested deeper than so many levels. Without recursion: that is what this is about. */
export function isDeeper(value: unknown, levels: number = mostDepth): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
