import { z } from 'zod'
import type { JsonObject } from '../../../shared/json.ts'
import type { Situation } from '../../model/situation.ts'
import { documentOf } from '../../run/document.ts'
import { defineRemitTool, type ToolContext } from '../remit-tool.ts'
import { taskOf } from '../run-task.ts'

const mostWaitSeconds = 300
const lookMs = 1_000

export const startRun = defineRemitTool({
  name: 'start_run',
  title: 'Start run',
  description:
    'Start pursuing a goal. Returns at once: with a task where the client follows tasks, else with the id of the run. With wait_seconds it waits until the run ends or asks something, and reports progress.',
  scope: 'runs:write',
  input: z.strictObject({
    goal: z.string().describe('Name of the goal, e.g. onboard'),
    input: z.record(z.string(), z.json()).default({}).describe('The goal’s input, by its schema'),
    budget: z
      .strictObject({ tool_calls: z.int().min(1), cost_usd: z.number().min(0), wall_clock_s: z.int().min(1) })
      .partial()
      .optional()
      .describe('Lower limits than the goal has'),
    reasoner: z.string().optional().describe('What decides: unless said, the planner'),
    wait_seconds: z.int().min(0).max(mostWaitSeconds).default(0),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ goal, input, budget, reasoner, wait_seconds }, context) {
    const { backend, caller, client } = context
    const limits = Object.fromEntries(Object.entries(budget ?? {}).filter(([, value]) => value !== undefined))
    const runId = await backend.startRun(caller, {
      goal,
      input: input as JsonObject,
      ...(budget && { budget: limits }),
      ...(reasoner !== undefined && { reasoner }),
    })
    if (wait_seconds > 0) {
      const situation = await untilItRests(runId, wait_seconds * 1_000, context)
      return { output: { ...documentOf(situation) } as unknown as JsonObject }
    }
    const situation = await backend.situation(caller, runId)
    if (client.followsTasks) return { task: taskOf(situation, caller, new Date()) }
    return { output: { run_id: runId, goal, status: situation.status } }
  },
})

/** The run as it is once it ended, asks something, or has been waited for long enough. Whoever goes away ends the wait only. */
async function untilItRests(
  runId: string,
  ms: number,
  { backend, caller, signal, progress }: ToolContext,
): Promise<Situation> {
  const until = performance.now() + ms
  let told = -1
  for (;;) {
    const situation = await backend.situation(caller, runId)
    const tasks = [...situation.tasks.values()]
    const done = tasks.filter(({ status }) => status === 'succeeded').length
    if (situation.seq !== told)
      progress(situation.seq, undefined, `${situation.status}: ${done} of ${tasks.length} done`)
    told = situation.seq
    const left = until - performance.now()
    if (situation.finished || asks(situation) || left <= 0 || signal.aborted) return situation
    await backend.untilGrown(runId, { ms: Math.min(left, lookMs), signal })
  }
}

/** A pause before the next attempt asks nobody anything. */
function asks({ waits }: Situation): boolean {
  return [...waits.values()].some((wait) => wait.for !== 'timer')
}
