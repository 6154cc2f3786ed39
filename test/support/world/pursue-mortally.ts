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
 * Whoever begins has the run from then on; one that was only slow finds out that it has lost it. Returns the boundaries
 * that each worker came to, and takes the crashes that happened off the list.
 */
export async function pursueMortally(
  { runId, clock, newParts, cancel }: MortalRun,
  crashes: Crash[],
): Promise<string[][]> {
  const boundaries: string[][] = []
  const awake: Promise<unknown>[] = []
  const asleep: { worker: MortalWorker; work: Promise<unknown> }[] = []
  let holder: MortalWorker | undefined
  for (;;) {
    const crash = crashes[0]
    const worker = new MortalWorker(crash)
    holder = worker
    boundaries.push(worker.boundaries)
    const options: AdvanceOptions = {
      signal: new AbortController().signal,
      cancel,
      isOurs: async () => holder === worker,
    }
    const work = advance(runId, worker.partsOf(newParts()), options)
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
    for (const sleeper of asleep.splice(0)) {
      sleeper.worker.wake()
      awake.push(sleeper.work)
    }
    await clock.passUntil(Promise.all(awake.splice(0)))
    return boundaries
  }
}
