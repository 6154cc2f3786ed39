import type { Price } from './objects.ts'

/**
 * The end of the period that begins at or after `start`, in whole intervals from the anchor: the anchor's day of the
 * month, or the last day of a shorter month, so that the 31st comes back after a February.
 */
export function periodEnd(anchor: number, start: number, { recurring }: Price): number {
  const months = (recurring?.interval === 'year' ? 12 : 1) * (recurring?.interval_count ?? 1)
  for (let count = 1; ; count += 1) {
    const end = addMonths(anchor, count * months)
    if (end > start) return end
  }
}

function addMonths(seconds: number, months: number): number {
  const from = new Date(seconds * 1000)
  const to = new Date(from)
  to.setUTCMonth(from.getUTCMonth() + months)
  if (to.getUTCDate() !== from.getUTCDate()) to.setUTCDate(0)
  return Math.floor(to.getTime() / 1000)
}
