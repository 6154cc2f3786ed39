import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { localOperator } from '../../orchestrator/model/decider.ts'
import { answer, decideApproval } from '../../orchestrator/run/answer.ts'
import { until } from '../support/hostile-gateway.ts'
import { createRun } from '../support/workers/crowd.ts'
import { expectEndedWell, troublesOf } from '../support/workers/expect-ended-well.ts'
import { cancelRun } from '../support/workers/people.ts'
import { stationGoals } from '../support/workers/stations.ts'
import type { WorkerProcess } from '../support/workers/worker-process.ts'
import { openYard, type Yard } from '../support/workers/yard.ts'

vi.setConfig({ testTimeout: 120_000 })

let yard: Yard
let workers: WorkerProcess[]
beforeAll(async () => {
  yard = await openYard()
  workers = [yard.startWorker(), yard.startWorker()]
  await Promise.all(workers.map((worker) => worker.ready()))
})
afterAll(async () => {
  await yard[Symbol.asyncDispose]()
})

const waitsFor = async (runId: string) => [...(await yard.situation(runId)).waits.values()][0]

async function waiting(runId: string) {
  await until('it waits for somebody', async () => (await yard.situation(runId)).status === 'waiting')
  const wait = await waitsFor(runId)
  if (!wait) throw new Error(`run ${runId} waits for nobody`)
  return wait
}

async function ended(runId: string) {
  await until('it has ended', async () => (await yard.situation(runId)).finished !== undefined)
  return (await yard.situation(runId)).status
}

describe('what a person says in another process', () => {
  test('is heard by whoever holds the run: an approval, a denial, an answer', async () => {
    const { desk, wake } = yard.pursuing
    const held = await createRun(yard, 'held', 'approved')
    await decideApproval(
      held,
      (await waiting(held)).wait_id,
      { choice: 'approve', decider: localOperator('ann') },
      desk,
    )
    await wake(held)
    expect(await ended(held)).toBe('succeeded')

    const denied = await createRun(yard, 'held', 'denied')
    await decideApproval(
      denied,
      (await waiting(denied)).wait_id,
      { choice: 'deny', decider: localOperator('ann') },
      desk,
    )
    await wake(denied)
    await until('it asks what to do about that', async () => (await waitsFor(denied))?.for === 'answer')
    await answer(denied, { choice: 'undo', by: 'ann' }, desk)
    await wake(denied)
    expect(await ended(denied)).toBe('failed')

    const asked = await createRun(yard, 'asked', 'permitted later')
    await waiting(asked)
    await yard.permit('permitted later')
    await answer(asked, { choice: 'retry', by: 'ann' }, desk)
    await wake(asked)
    expect(await ended(asked)).toBe('succeeded')
  })

  test('is heard while a call is under way: a cancel lets that settle, and undoes it', async () => {
    const runId = await createRun(yard, 'slow', 'cancelled')
    await until('its slow call is under way', async () => {
      const { calls } = await yard.situation(runId)
      return [...calls.values()].some(({ server, outcome }) => server === 'press' && !outcome)
    })
    await cancelRun(yard, runId)
    expect(await ended(runId)).toBe('cancelled')
    const { calls } = await yard.situation(runId)
    const press = [...calls.values()].find(({ server, purpose }) => server === 'press' && purpose === 'task')
    expect(press?.outcome?.status).toBe('succeeded')
    expect(press?.compensated_by).toBeDefined()
  })

  test('and said twice at the same moment counts once', async () => {
    const runId = await createRun(yard, 'held', 'decided twice')
    const { wait_id } = await waiting(runId)
    const { desk, wake } = yard.pursuing
    const decided = await Promise.allSettled(
      (['approve', 'deny', 'approve'] as const).map((choice) =>
        decideApproval(runId, wait_id, { choice, decider: localOperator('ann') }, desk),
      ),
    )
    expect(decided.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    const events = await yard.record.journal.read(runId)
    expect(events.filter(({ type }) => type === 'wait_ended')).toHaveLength(1)
    await cancelRun(yard, runId)
    await wake(runId)
    await ended(runId)
  })
})

describe('a run that was created to be pursued by whoever has time', () => {
  test('is picked up at the notice', async () => {
    const runId = await createRun(yard, 'three', 'noticed')
    expect(await ended(runId)).toBe('succeeded')
  })

  test('is picked up without one, too', async () => {
    // As when the process that made it, to pursue it, dies before it does: nobody is told of it.
    const goal = stationGoals.three
    const runId = await yard.pursuing.createRun(goal, { subject: 'unnoticed' }, { mine: true })
    expect(await ended(runId)).toBe('succeeded')
  })
})

test('a worker that is asked to stop lets its calls settle, and gives its runs back at once', async () => {
  const runs = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => createRun(yard, 'slow', `left behind ${n}`)))
  const heldBy = async ({ pid }: WorkerProcess) =>
    (await yard.runs()).filter(({ lease_owner }) => lease_owner?.startsWith(`process ${pid} `))
  let leaving: WorkerProcess | undefined
  await until('one of them is at it', async () => {
    for (const worker of workers) if ((await heldBy(worker)).length > 0) leaving = worker
    return leaving !== undefined
  })
  if (!leaving) return
  leaving.signal('SIGTERM')
  expect(await leaving.exited).toBe(0)
  expect(await heldBy(leaving)).toEqual([])
  for (const runId of runs) expect(await ended(runId)).toBe('succeeded')
  for (const runId of runs) {
    const { calls } = await yard.situation(runId)
    expect([...calls.values()].filter(({ outcome }) => outcome?.status === 'uncertain')).toEqual([])
  }
  expect(troublesOf(workers).filter((trouble) => !/not available/.test(trouble))).toEqual([])
  await expectEndedWell(
    yard,
    workers.filter((worker) => worker !== leaving),
    workers,
  )
})
