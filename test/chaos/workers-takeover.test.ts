import { expect, test } from 'vitest'
import { until } from '../support/hostile-gateway.ts'
import { createRun } from '../support/workers/crowd.ts'
import { expectEndedWell, troublesOf } from '../support/workers/expect-ended-well.ts'
import { openYard, type Yard } from '../support/workers/yard.ts'

/** Runs that each have a slow call: on `n` of them at once a worker is busy for seconds. */
const createSlowRuns = (yard: Yard, n: number, name: string) =>
  Promise.all(Array.from({ length: n }, (_, nth) => createRun(yard, 'slow', `${name} ${nth}`)))

/** How many of their slow calls are under way, by the record. */
async function pressing({ sql }: Yard): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::integer FROM remit.events AS intent
    WHERE type = 'call_intended' AND data ->> 'server' = 'press' AND data ->> 'tool' = 'make_item' AND NOT EXISTS (
      SELECT FROM remit.events AS settled
      WHERE settled.run_id = intent.run_id AND settled.type = 'call_settled'
        AND settled.data ->> 'call_id' = intent.data ->> 'call_id')`
  return row?.count ?? 0
}

const latency = { slowShare: 0, slowMs: 0, pressMs: 3_000 }

test('a live worker goes on with the runs of one that was killed', async () => {
  await using yard = await openYard()
  const dead = yard.startWorker({ latency })
  const successor = yard.startWorker({ latency })
  await Promise.all([dead.ready(), successor.ready()])
  // The successor is there and takes up nothing before the other one is dead.
  successor.signal('SIGSTOP')
  await createSlowRuns(yard, 12, 'order')
  await until('all have their slow call under way', async () => (await pressing(yard)) === 12)
  successor.signal('SIGCONT')

  dead.signal('SIGKILL')
  const killedAt = Date.now()
  await dead.exited
  await yard.untilEnded()
  const firsts = await yard.sql<{ at: Date }[]>`
    SELECT min(at) AS at FROM remit.events WHERE at > ${new Date(killedAt)} GROUP BY run_id ORDER BY 1`
  const after = firsts.map(({ at }) => at.getTime() - killedAt)
  console.log(
    `taken over: the first of ${after.length} runs ${after[0]} ms after the kill, the last ${after.at(-1)} ms`,
  )
  expect(after).toHaveLength(12)
  expect(Math.max(...after)).toBeLessThan(15_000)
  await expectEndedWell(yard, [successor], [dead, successor])
}, 120_000)

test('a worker that was only slow lets go of the runs that others went on with, and works on', async () => {
  await using yard = await openYard()
  const slow = yard.startWorker({ latency })
  await createSlowRuns(yard, 12, 'order')
  await until('all have their slow call under way', async () => (await pressing(yard)) === 12)
  slow.signal('SIGSTOP')
  const others = [yard.startWorker({ latency }), yard.startWorker({ latency })]
  await until('all are taken over', async () => (await pressing(yard)) === 0)
  // What the slow one had just sent off happens while the others ask what became of it.
  slow.signal('SIGCONT')
  await yard.untilEnded()

  for (const other of others) other.signal('SIGTERM')
  expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([0, 0])
  const more = await createSlowRuns(yard, 3, 'later order')
  await yard.untilEnded()
  const told = new Set(slow.told().flatMap(({ run_id, type }) => (type === 'run_finished' ? [run_id] : [])))
  expect(more.filter((runId) => told.has(runId))).toEqual(more)

  expect(troublesOf([slow, ...others])).toEqual([])
  await expectEndedWell(yard, [slow], [slow, ...others])
}, 120_000)
