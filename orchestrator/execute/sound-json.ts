/**
 * Why a value from outside is not to be worked on: nested deeper than a recursive reader can bear, or with a number that
 * JSON cannot hold again (`1e999` is read as infinity). Undefined for a sound value. Does not recurse itself.
 */
export function unsound(value: unknown, deepest: number): string | undefined {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return `is nested more than ${deepest} levels deep`
    const below: unknown[] = []
    for (const node of level) {
      if (typeof node === 'number' && !Number.isFinite(node)) return 'holds a number that JSON cannot hold'
      if (typeof node !== 'object' || node === null) continue
      for (const child of Array.isArray(node) ? node : Object.values(node)) below.push(child)
    }
    level = below
  }
  return undefined
}
