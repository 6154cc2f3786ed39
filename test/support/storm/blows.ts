/** What a storm can kill. */
export const victims = ['worker', 'server', 'emulator', 'postgres'] as const
export type Victim = (typeof victims)[number]

/** One kill: of one of the processes that are such a victim, so long after the blow before. */
export interface Blow {
  afterMs: number
  victim: Victim
  /** In [0, 1): which of them. */
  which: number
}

/** How often each is struck, of ten blows: what everything hangs on as well as what is started again at once. */
const share: Record<Victim, number> = { worker: 4, server: 3, emulator: 1, postgres: 2 }

/** The blows of a seed: always the same. */
export function blowsOf(seed: number, count: number): Blow[] {
  const random = randomOf(seed)
  const bag = victims.flatMap((victim) => Array.from({ length: share[victim] }, () => victim))
  return Array.from({ length: count }, () => ({
    afterMs: Math.round(100 + random() * 1_900),
    victim: bag[Math.floor(random() * bag.length)] ?? 'worker',
    which: random(),
  }))
}

/** mulberry32: numbers in [0, 1) that a seed determines. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
