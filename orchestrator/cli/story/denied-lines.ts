import type { EgressRecord } from '../../model/egress.ts'

/** A server that tries one thing a hundred times is told of once. */
const most = 3

/** What a call was refused on the network, in a sentence each. */
export function deniedLines(egress: readonly EgressRecord[]): string[] {
  const denied = egress.filter((record) => record.denied !== undefined)
  const told = denied.slice(0, most).map(({ method, host, path, denied: why }) => {
    const what = [method, `${host}${path ?? ''}`].filter((part) => part !== undefined).join(' ')
    return `network refused: ${what}: ${why}`
  })
  const more = denied.slice(most).reduce((sum, { times = 1 }) => sum + times, 0)
  return more === 0 ? told : [...told, `and ${more} more refused`]
}
