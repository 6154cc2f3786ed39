import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { begun, newRunId } from '../support/record-fixtures.ts'
import { createRun } from '../support/workers/crowd.ts'
import { openYard, type Yard } from '../support/workers/yard.ts'

const parked = 2_000
const watchedMs = 8_000

test(`${parked} runs that wait cost a worker a few statements a second, and hold up nobody`, async () => {
  await using yard = await openYard()
  const until = new Date(Date.now() + 3_600_000).toISOString()
  const owner = { tenant: 'default', principal: 'ann', goal: 'parked', mode: 'emulated' as const }
  await Promise.all(
    Array.from({ length: parked }, (_, nth) =>
      yard.record.journal.create({ run_id: newRunId(), ...owner }, [begun('emulated')], {
        status: 'waiting',
        // Half of them wait for a person alone.
        wake_at: nth % 2 === 0 ? until : null,
      }),
    ),
  )
  const worker = yard.startWorker()
  await worker.ready()
  const begin = { at: Date.now(), count: await transactions(yard) }
  await sleep(watchedMs)
  const count = (await transactions(yard)) - begin.count
  const perSecond = count / ((Date.now() - begin.at) / 1_000)
  console.log(`at rest beside ${parked} parked runs: ${perSecond.toFixed(1)} transactions a second`)
  expect(perSecond).toBeLessThan(10)

  const runId = await createRun(yard, 'three', 'among them')
  await expect.poll(async () => (await yard.situation(runId)).status, { timeout: 20_000 }).toBe('succeeded')
  worker.signal('SIGTERM')
  expect(await worker.exited).toBe(0)
  expect((await yard.runs()).filter(({ lease_owner }) => lease_owner !== null)).toEqual([])
}, 120_000)

/** All that were committed in the database so far, as far as Postgres has counted them: it does so every few seconds. */
async function transactions({ sql }: Yard): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT xact_commit::integer AS count FROM pg_stat_database WHERE datname = current_database()`
  return row?.count ?? 0
}
