import type { Situation } from '../../../orchestrator/model/situation.ts'
import { FenceLostError } from '../../../orchestrator/record/record-errors.ts'
import { type AdvanceOptions, advance } from '../../../orchestrator/run/advance.ts'
import type { Parts } from '../../../orchestrator/run/parts.ts'
import { type Kill, MortalWorker } from './mortal-worker.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A kill, and how many milliseconds pass before somebody takes over. */
export interface Crash extends Kill {
  downtimeMs: number
}

export interface MortalRun {
  runId: string
  clock: VirtualClock
  /** What one worker works with: nothing of an earlier one's memory. */
  newParts(): Parts
  cancel: AbortSignal
}

/**
 * Pursues a run with workers that are killed one after the other, and then with one that is not, until it comes to rest.
 * Returns the boundaries that each of them came to. Takes the crashes that it used off the list.
 */
export async function pursueMortally(
  { runId, clock, newParts, cancel }: MortalRun,
  crashes: Crash[],
): Promise<string[][]> {
  const options: AdvanceOptions = { signal: new AbortController().signal, cancel }
  const boundaries: string[][] = []
  const awake: Promise<unknown>[] = []
  const asleep: { worker: MortalWorker; work: Promise<unknown> }[] = []
  for (;;) {
    const crash = crashes[0]
    const worker = new MortalWorker(crash)
    boundaries.push(worker.boundaries)
    const work = orLetGo(advance(runId, worker.partsOf(newParts()), options))
    const end = await clock.passUntil(Promise.race([work, worker.killed]))
    if (end === 'killed' && crash) {
      crashes.shift()
      await clock.passUntil(clock.sleepUntil(new Date(clock.now().getTime() + crash.downtimeMs)))
      if (crash.how === 'asleep') asleep.push({ worker, work })
      if (crash.how !== 'dozing') continue
      worker.wake()
      awake.push(work)
      continue
    }
    const sleeper = awake.length === 0 ? asleep.shift() : undefined
    if (end === 'rested' && awake.length === 0 && !sleeper) return boundaries
    // Whoever lost the fence has let the run go, to one that was awake or to what a dead one had just sent off.
    sleeper?.worker.wake()
    await clock.passUntil(Promise.all([...awake.splice(0), sleeper?.work]))
  }
}

/** A worker that lost the fence lets the run go; any other error is one. */
async function orLetGo(work: Promise<Situation>): Promise<'rested' | 'let go'> {
  try {
    await work
    return 'rested'
  } catch (error) {
    if (error instanceof FenceLostError) return 'let go'
    throw error
  }
}
