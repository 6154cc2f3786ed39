import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from '../orchestrator/model/catalogue.ts'
import type { Event } from '../orchestrator/model/event.ts'
import { type Journal, openJournal } from '../orchestrator/record/journal.ts'
import type { RunGateway } from '../orchestrator/run/parts.ts'
import { createPlannedRun, type Planned, pursuePlanned } from '../test/support/planned-run.ts'
import { catalogue, tool } from '../test/support/rehearsal.ts'
import { median, quantile, timed } from './measure.ts'
import { type NestfulPlan, readNestful } from './nestful.ts'
import type { Part } from './part.ts'
import { stageDatabase } from './stage.ts'
import { UnitClock } from './unit-clock.ts'

/** What a call takes where time is real: long against what recording it costs. */
const unitMs = 100
const plansAtOnce = 4

/** Whether plans take no longer than their longest chain of calls. */
export const makespan: Part = {
  name: 'makespan',
  about: 'plans of the NESTFUL benchmark against their critical paths, every call taking one unit of time',
  async run(stage, { quick, plansFolder }) {
    const all = await readNestful(plansFolder)
    if (!all) {
      const skipped = `nestful.jsonl is not in ${plansFolder}; name the folder that holds it with --plans or REMIT_BENCH_PLANS`
      return { tables: [], bars: [], skipped }
    }
    const plans = quick ? all.slice(0, 12) : all
    await using database = await stageDatabase(stage)
    const journal = openJournal({ url: database.journalUrl, now: () => new Date() })
    try {
      const runs: PlanRun[] = []
      const waiting = [...plans]
      const work = async () => {
        for (let plan = waiting.shift(); plan; plan = waiting.shift())
          runs.push({ plan, ...(await inUnits(plan, journal)), realTimes: await inRealTime(plan, journal) })
      }
      await Promise.all(Array.from({ length: plansAtOnce }, work))
      return reportOf(runs)
    } finally {
      await journal.close()
    }
  },
}

interface PlanRun {
  plan: NestfulPlan
  /** Units that the plan took, over its critical path. */
  times: number
  /** The same by the clock on the wall. */
  realTimes: number
  brokenEdges: number
}

async function inUnits(plan: NestfulPlan, journal: Journal): Promise<Pick<PlanRun, 'times' | 'brokenEdges'>> {
  const events: Event[] = []
  const clock = new UnitClock()
  await runPlan(plan, {
    journal,
    gateway: gatewayFor(plan, () => clock.sleep()),
    watch: (seen) => clock.watch(seen),
    onEvent: (event) => void events.push(event),
  })
  return { times: clock.now / plan.criticalPath, brokenEdges: brokenEdges(plan, events) }
}

async function inRealTime(plan: NestfulPlan, journal: Journal): Promise<number> {
  const ms = await timed(() => runPlan(plan, { journal, gateway: gatewayFor(plan, () => sleep(unitMs)) }))
  return ms / unitMs / plan.criticalPath
}

async function runPlan(plan: NestfulPlan, parts: Omit<Planned, 'catalogue' | 'outcomes' | 'tasks'>): Promise<void> {
  const planned = { ...parts, catalogue: catalogueFor(plan), outcomes: ['nestful.done'], tasks: plan.tasks }
  await pursuePlanned(await createPlannedRun(planned), planned)
}

/** Every call takes one unit and returns what the plan's references need. */
function gatewayFor({ tasks, outputs }: NestfulPlan, oneUnit: () => Promise<unknown>): RunGateway {
  return {
    async call({ server, tool }) {
      const started_at = new Date().toISOString()
      // Which of two tasks with one tool it is does not matter: the answer holds what the plan needs of both.
      const alike = tasks.filter((task) => task.tool === `${server}.${tool}`)
      const output = Object.assign({}, ...alike.map(({ id }) => outputs.get(id)))
      await oneUnit()
      return { outcome: { status: 'succeeded', output }, started_at, settled_at: new Date().toISOString(), egress: [] }
    },
  }
}

/** A reviewed catalogue of the plan's tools: reads that take and give anything. */
function catalogueFor({ tasks }: NestfulPlan): Catalogue {
  const names = new Set(tasks.map((task) => task.tool.slice('nestful.'.length)))
  const tools = [...names].map((name) => tool(name, { effect: 'read', establishes: ['nestful.done'] }))
  return catalogue({ nestful: tools })
}

/** How many edges of the plan have a later end that was intended before the earlier end had settled. */
function brokenEdges({ edges }: NestfulPlan, events: readonly Event[]): number {
  const intended = new Map<string, number>()
  const settled = new Map<string, number>()
  const taskOf = new Map<string, string>()
  for (const { type, data, seq } of events) {
    if (type === 'call_intended') {
      taskOf.set(data.call_id, data.task_id)
      intended.set(data.task_id, seq)
    } else if (type === 'call_settled') settled.set(taskOf.get(data.call_id) ?? '', seq)
  }
  return edges.filter(({ from, to }) => (settled.get(from) ?? Infinity) >= (intended.get(to) ?? -1)).length
}

function reportOf(runs: readonly PlanRun[]) {
  const edges = runs.reduce((sum, { plan }) => sum + plan.edges.length, 0)
  const broken = runs.reduce((sum, run) => sum + run.brokenEdges, 0)
  const rows = [...Map.groupBy(runs, ({ plan }) => plan.criticalPath)]
    .sort(([a], [b]) => a - b)
    .map(([path, some]) => ({
      'critical path': path,
      plans: some.length,
      tasks: some.reduce((sum, { plan }) => sum + plan.tasks.length, 0),
      'units over it, median': median(some.map(({ times }) => times)),
      'worst plan': quantile(
        some.map(({ times }) => times),
        1,
      ),
      [`median with calls of ${unitMs} ms`]: median(some.map(({ realTimes }) => realTimes)),
    }))
  const table = {
    title: `${runs.length} plans, ${edges} edges, ${broken} not respected`,
    rows,
    note: 'In milliseconds everything counts: deciding, checking the plan, each commit, the finish.',
  }
  const bars = [
    {
      what: 'makespan over critical path in units, worst plan',
      measured: Math.max(...runs.map(({ times }) => times)),
      sense: 'at most' as const,
      limit: 1.05,
    },
    { what: 'edges of plans not respected', measured: broken, sense: 'at most' as const, limit: 0 },
  ]
  return { tables: [table], bars }
}
