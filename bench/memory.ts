import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openJournal } from '../orchestrator/record/journal.ts'
import type { RunGateway } from '../orchestrator/run/parts.ts'
import { chainRun } from './chain-run.ts'
import { idleGateway } from './ledger.ts'
import type { Part } from './part.ts'
import { stageDatabase } from './stage.ts'

const callsOfARun = 20

/** What runs take of a worker's memory while they are pursued, and what is left of them afterwards. */
export const memory: Part = {
  name: 'memory',
  about: 'memory per run that is pursued, and per run that rests',
  async run(stage, { quick }) {
    await using database = await stageDatabase(stage)
    const journal = openJournal({ url: database.journalUrl, now: () => new Date() })
    try {
      const runs = quick ? 50 : 1_000
      for (let index = 0; index < (quick ? 5 : 100); index++)
        await chainRun({ journal, gateway: idleGateway }, callsOfARun)

      const before = await inUse()
      const { gateway, allInFlight, letGo } = holdingGateway(runs)
      const pursuits = Array.from({ length: runs }, () => chainRun({ journal, gateway }, callsOfARun))
      await Promise.race([allInFlight, Promise.all(pursuits)])
      const active = await inUse()
      letGo()
      await Promise.all(pursuits.splice(0))
      const after = await inUse()
      const row = (what: string, bytes: number) => ({ what, 'KiB a run': bytes / runs / 1_024 })
      return {
        tables: [
          {
            title: `${runs} runs of ${callsOfARun} calls, each with a call in flight`,
            rows: [
              row('active: a call is in flight', active - before),
              row('idle: at rest, in the record alone', after - before),
            ],
            note: 'Heap and buffers in use after a collection, besides those of a worker that pursues nothing.',
          },
        ],
        bars: [],
      }
    } finally {
      await journal.close()
    }
  },
}

/** Holds the tenth call of each run until all runs have come that far. */
function holdingGateway(runs: number): { gateway: RunGateway; allInFlight: Promise<void>; letGo(): void } {
  const all = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const seen = new Map<string, number>()
  let held = 0
  return {
    gateway: {
      async call(request, options) {
        const calls = (seen.get(request.run_id) ?? 0) + 1
        seen.set(request.run_id, calls)
        if (calls === callsOfARun / 2) {
          held += 1
          if (held === runs) all.resolve()
          await go.promise
          seen.delete(request.run_id)
        }
        return idleGateway.call(request, options)
      },
    },
    allInFlight: all.promise,
    letGo: go.resolve,
  }
}

/** Bytes in use once everything that can be collected is. */
async function inUse(): Promise<number> {
  // What has just been let go of is freed in the next turns of the loop.
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
