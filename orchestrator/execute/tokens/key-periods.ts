/** How long a key signs. */
export const periodMs = 7 * 24 * 60 * 60 * 1_000
/** How long after its last signature a key is still published: longer than any token that it signed is good for. */
const lingerMs = 60 * 60 * 1_000
/** How long before its first signature a key is published, so that servers that keep the keys know it in time. */
const aheadMs = 24 * 60 * 60 * 1_000

/** Which key signs at an instant, and which ones are published then: keys are numbered by the period in which they sign. */
export function keyPeriods(at: Date): { signing: number; published: number[] } {
  const period = (ms: number) => Math.floor(ms / periodMs)
  const ms = at.getTime()
  return {
    signing: period(ms),
    published: [...new Set([period(ms - lingerMs), period(ms), period(ms + aheadMs)])],
  }
}
