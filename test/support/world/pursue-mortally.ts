import { type AdvanceOptions, advance } from '../../../orchestrator/run/advance.ts'
import type { Parts } from '../../../orchestrator/run/parts.ts'
import { type Kill, MortalWorker } from './mortal-worker.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A kill, and how many milliseconds pass before somebody takes over. */
export interface Crash extends Kill {
  downtimeMs: number
}

/** A worker as those see it who put together what it works with. */
export interface Hands {
  /** The parts, in the hands of this worker. */
  take(parts: Parts): Parts
  /** Whether it still has the run. */
  isOurs(): Promise<boolean>
}

/** How long after it woke a worker hears that the run is somebody else's, where the record has not told it before. */
const renewalMs = 1_000

export interface MortalRun {
  runId: string
  clock: VirtualClock
  /** What one worker works with: nothing of an earlier one's memory. */
  newParts(hands: Hands): Parts
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
  const asleep: (() => void)[] = []
  let holder: MortalWorker | undefined
  for (;;) {
    const crash = crashes[0]
    const worker = new MortalWorker(crash)
    holder = worker
    boundaries.push(worker.boundaries)
    const isOurs = async () => holder === worker
    const lost = new AbortController()
    const options: AdvanceOptions = { signal: new AbortController().signal, cancel, isOurs, drain: lost.signal }
    const parts = newParts({ take: (taken) => worker.partsOf(taken), isOurs })
    const work = advance(runId, parts, options)
    const end = await clock.passUntil(Promise.race([work, worker.killed]))
    if (end === 'killed' && crash) {
      crashes.shift()
      await clock.passUntil(clock.sleepUntil(new Date(clock.now().getTime() + crash.downtimeMs)))
      const wake = () => {
        worker.wake()
        awake.push(work)
        clock.schedule(clock.now().getTime() + renewalMs, () => lost.abort())
      }
      if (crash.how === 'dozing') wake()
      if (crash.how === 'asleep') asleep.push(wake)
      continue
    }
    for (const wake of asleep.splice(0)) wake()
    await clock.passUntil(Promise.all(awake.splice(0)))
    return boundaries
  }
}
