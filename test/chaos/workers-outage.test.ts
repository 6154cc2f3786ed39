import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createCrowd, createRun } from '../support/workers/crowd.ts'
import { expectEndedWell, troublesOf } from '../support/workers/expect-ended-well.ts'
import { openOutageProxy } from '../support/workers/outage-proxy.ts'
import { peopleOf } from '../support/workers/people.ts'
import type { WorkerProcess } from '../support/workers/worker-process.ts'
import { openYard, openYardOfItsOwn, type Yard } from '../support/workers/yard.ts'

const outageMs = 10_000

test(`an outage of ${outageMs / 1_000} s under load makes runs pause and go on: nothing is lost, nothing is doubled`, async () => {
  await using yard = await openYard()
  await using proxy = await openOutageProxy(yard.databaseUrl ?? '')
  const workers = [yard.startWorker({ databaseUrl: proxy.url }), yard.startWorker({ databaseUrl: proxy.url })]
  await Promise.all(workers.map((worker) => worker.ready()))
  const { cancels } = await createCrowd(yard, 60)
  const people = peopleOf(yard)
  await untilMuchIsUnderWay(workers)
  await proxy.cut()
  await sleep(outageMs)
  await proxy.mend()
  await yard.untilEnded()
  await cancels
  await people.leave()
  expect(troublesOf(workers).filter((trouble) => !/the record is not available/.test(trouble))).toEqual([])

  // Notices are heard again, too.
  const last = await createRun(yard, 'three', 'after the outage')
  await yard.untilEnded()
  expect((await yard.situation(last)).status).toBe('succeeded')
  await expectEndedWell(yard, workers)
}, 200_000)

test('a Postgres that is killed under load is started again by the workers: nothing is lost, nothing is doubled', async () => {
  await using yard = await openYardOfItsOwn()
  const workers = [yard.startWorker(), yard.startWorker()]
  await Promise.all(workers.map((worker) => worker.ready()))
  const { cancels } = await createCrowd(yard, 60)
  const people = peopleOf(yard)
  await untilMuchIsUnderWay(workers)
  process.kill(await postmasterOf(yard), 'SIGKILL')
  await yard.untilEnded()
  await cancels
  await people.leave()
  expect(troublesOf(workers).filter((trouble) => !/the record is not available/.test(trouble))).toEqual([])
  await expectEndedWell(yard, workers)
}, 200_000)

async function postmasterOf({ record }: Yard): Promise<number> {
  const file = await readFile(join(record.embedded?.dataFolder ?? '', 'postmaster.pid'), 'utf8')
  return Number(file.split('\n')[0])
}

/** Workers that have told of some hundred events have calls of every kind in flight. */
async function untilMuchIsUnderWay(workers: readonly WorkerProcess[]): Promise<void> {
  while (workers.flatMap((worker) => worker.told()).length < 100) await sleep(20)
}
