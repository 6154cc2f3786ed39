import { performance } from 'node:perf_hooks'

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Milliseconds that one of `times` repetitions takes, one after the other. */
export async function each(times: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const all = await timed(async () => {
    for (let index = 0; index < times; index++) await work(index)
  })
  return all / times
}

/** How many repetitions a second are reached when so many workers each make `times`, one after the other. */
export async function rateOf(workers: number, times: number, work: () => Promise<unknown>): Promise<number> {
  const ms = await timed(() => Promise.all(Array.from({ length: workers }, () => each(times, work))))
  return (workers * times * 1_000) / ms
}

/**
 * Measures contestants round by round, in turn and every other round backwards, so that what the machine does besides hits all
 * of them; gives what each measured in each round. Rounds before those warm up, and do not count: one unless said.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  contestants: Record<Name, () => Promise<number>>,
  warmUp = 1,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[]
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await contestants[name]()
      if (round >= warmUp) measured[name].push(value)
    }
  }
  return measured
}

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which that share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** Round by round: how many times one is of the other. */
export function ratios(values: readonly number[], of: readonly number[]): number[] {
  return values.map((value, round) => value / (of[round] ?? Number.NaN))
}
