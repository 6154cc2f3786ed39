import { expect, test, vi } from 'vitest'
import type { Trigger } from '../../orchestrator/triggers/trigger.ts'
import type { WorkerProcess } from '../support/workers/worker-process.ts'
import { openYard } from '../support/workers/yard.ts'

/** Seconds that passed while no worker was there. */
const missed = 30

const patience = { timeout: 60_000, interval: 50 }

const everySecond: Trigger = {
  trigger: 'every-second',
  goal: 'three',
  reasoner: 'planner',
  tenant: 'default',
  input: { subject: { $pointer: '/scheduled_at' } },
  on: { schedule: { cron: '* * * * * *', timezone: 'UTC', catch_up: 'all', most: 1_000 } },
}

const started = (worker: WorkerProcess) => worker.told().filter(({ started: run }) => run !== undefined)

test('two worker processes start one run for each instant of a schedule, also when one is killed amid them', async () => {
  await using yard = await openYard()
  const { sql } = yard
  // Not due yet, so that both are there when it becomes so.
  await sql`INSERT INTO remit.schedules (trigger, since) VALUES ('every-second', now() + interval '1 hour')`
  const workers = [1, 2].map(() => yard.startWorker({ triggers: [everySecond], most: 8 }))
  await Promise.all(workers.map((worker) => worker.ready()))
  const [{ since } = { since: new Date(0) }] = await sql<{ since: Date }[]>`
    UPDATE remit.schedules SET since = date_trunc('second', now()) - make_interval(secs => ${missed}) RETURNING since`

  const [victim, survivor] = workers
  if (!victim || !survivor) throw new Error('there are two workers')
  // Whichever is quicker at an instant takes it, so both have been quicker at one.
  await vi.waitFor(() => expect(workers.map((worker) => started(worker).length > 0)).toEqual([true, true]), patience)
  victim.signal('SIGKILL')
  // The other catches up, and makes good what was promised.
  await vi.waitFor(async () => {
    const [counted] = await sql<{ promised: number; recorded: number }[]>`
      SELECT count(*)::int AS promised, count(runs.run_id)::int AS recorded
      FROM remit.trigger_deliveries AS taken LEFT JOIN remit.runs USING (run_id) WHERE taken.due_at IS NOT NULL`
    expect(counted?.promised).toBeGreaterThan(missed)
    expect(counted?.recorded).toBe(counted?.promised)
  }, patience)
  survivor.signal('SIGTERM')
  expect(await survivor.exited).toBe(0)
  expect(survivor.told().filter(({ trouble }) => trouble !== undefined)).toEqual([])

  const instants = await sql<{ due_at: Date; run_id: string }[]>`
    SELECT due_at, run_id FROM remit.trigger_deliveries WHERE trigger = 'every-second' ORDER BY due_at`
  expect(instants.length).toBeGreaterThan(missed)
  const seconds = instants.map(({ due_at }) => (due_at.getTime() - since.getTime()) / 1_000)
  expect(seconds).toEqual(seconds.map((_, index) => index + 1))
  const runs = await yard.runs()
  expect(runs.map(({ run_id }) => run_id).toSorted()).toEqual(instants.map(({ run_id }) => run_id).toSorted())
  const subjects = await Promise.all(
    instants.map(async ({ run_id }) => (await yard.situation(run_id)).created.input.subject),
  )
  expect(subjects).toEqual(instants.map(({ due_at }) => due_at.toISOString()))
}, 180_000)
