import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createCrowd } from '../support/workers/crowd.ts'
import { expectEndedWell, troublesOf } from '../support/workers/expect-ended-well.ts'
import { peopleOf } from '../support/workers/people.ts'
import type { WorkerProcess } from '../support/workers/worker-process.ts'
import { openYard, type Yard } from '../support/workers/yard.ts'

const workers = 4
/** `REMIT_CHAOS_RUNS` makes a longer test of it. */
const runs = Number(process.env.REMIT_CHAOS_RUNS ?? 200)
/** On a machine so busy that most of a worker's life is its start, the runs would never end under kills without end. */
const longestMs = 200 * runs

test(`${runs} runs on ${workers} processes, of which one is killed every second, lose nothing and double nothing`, async () => {
  await using yard = await openYard()
  const { cancels } = await createCrowd(yard, runs)
  const people = peopleOf(yard)
  const ended = yard.untilEnded()
  const { started, alive } = await killEverySecond(yard, ended)
  await ended
  await cancels
  await people.leave()
  expect(troublesOf(started)).toEqual([])
  await expectEndedWell(yard, alive, started)
}, 300_000)

/** Kills the worker that has worked for longest, every second until all runs have ended, and starts another one in its place. */
async function killEverySecond(yard: Yard, ended: Promise<void>) {
  const started: WorkerProcess[] = []
  const start = () => {
    // Slow calls are to be cut off often, and not every time.
    const worker = yard.startWorker({ latency: { slowShare: 0.1, slowMs: 500, pressMs: 700 } })
    started.push(worker)
    return worker
  }
  const alive = Array.from({ length: workers }, start)
  let isOver = false
  const over = ended.finally(() => {
    isOver = true
  })
  over.catch(() => {})
  for (const end = Date.now() + longestMs; !isOver && Date.now() < end; ) {
    await Promise.race([sleep(1_000), over])
    // On a busy machine a process needs seconds to start: one that has not begun is no loss to anybody.
    const at = alive.findIndex((worker) => worker.told().length > 1)
    const [victim] = isOver || at === -1 ? [] : alive.splice(at, 1)
    if (!victim) continue
    victim.signal('SIGKILL')
    expect(await victim.exited).toBe('SIGKILL')
    alive.push(start())
  }
  await Promise.all(alive.map((worker) => worker.ready()))
  return { started, alive }
}
