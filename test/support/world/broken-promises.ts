import { ancestorsOf, dependenciesOf } from '../../../orchestrator/enforce/task-graph.ts'
import { type Fault, isLost } from './fault.ts'
import type { Story, Told } from './story.ts'

/**
 * What a run did that its goal does not allow, one sentence each: it spent more than it may, it ended without an outcome
 * that nobody gave up, it did what cannot be undone before what would undo it, or it gave up what would have passed.
 */
export function brokenPromises(told: Told): string[] {
  return [
    ...overspending(told),
    ...lostOutcomes(told),
    ...rashness(told),
    ...timidity(told),
    ...halfHeartedUndos(told),
    ...openDoubts(told),
  ]
}

function overspending({ story, situation, mostAtOnce }: Told): string[] {
  const { usage, budget, revision } = situation
  const spent = [
    ['tool_calls', usage.tool_calls, budget.tool_calls],
    ['compensation_calls', usage.compensation_calls, budget.compensation_calls],
    // What a worker had asked of a system before it died is still under way when the next one begins.
    ['concurrency', story.crashes.length > 0 ? 0 : mostAtOnce, budget.concurrency],
    // Trouble is told even where the plan may not be made again.
    ['revisions', revision, budget.revisions + 1],
  ] as const
  return spent.flatMap(([what, used, most]) => (used > most ? [`${used} ${what} were used of ${most}`] : []))
}

/** A success says for each outcome which call established it, or somebody said that it may be missing. */
function lostOutcomes({ situation }: Told): string[] {
  const { finished, created, waived } = situation
  if (finished?.status !== 'succeeded') return []
  const held = new Set(finished.outcomes.map(({ fact }) => fact))
  return created.goal.outcomes
    .filter(({ fact, on_failure }) => !held.has(fact) && !waived.has(fact) && on_failure !== 'accept')
    .map(({ fact }) => `the run succeeded without ${fact}`)
}

/** What cannot be undone comes after everything whose failure undoes the run, unless that comes after it. */
function rashness({ story, situation, answered, world }: Told): string[] {
  const { compensation, cancel_requested, calls, tools, tasks, run_id } = situation
  if (!compensation || cancel_requested || answered.length > 0 || isCutShort(story)) return []
  const isUndoable = (id: string) => tools[id]?.compensation !== undefined || tools[id]?.effect === 'read'
  const failed = [...tasks.values()].filter(({ status }) => status === 'failed' || status === 'refused')
  if (failed.length === 0 || !failed.every(({ tool }) => isUndoable(tool))) return []
  const graph = new Map([...tasks].map(([id, task]) => [id, dependenciesOf(task)]))
  const needed = new Set(failed.flatMap(({ id }) => [...ancestorsOf(id, graph)]))
  return world
    .traces()
    .filter((trace) => trace.run_id === run_id)
    .flatMap(({ call_id }) => {
      const call = calls.get(call_id)
      const tool = `${call?.server}.${call?.tool}`
      if (!call || isUndoable(tool) || needed.has(call.task_id)) return []
      return [`${tool} was called before what undid the run, and cannot be undone`]
    })
}

/** Faults that pass, or that a repeat under the same key settles. */
const passing: readonly (Fault | undefined)[] = [undefined, 'unavailable', 'rate_limited', 'slow', 'half']

/** How often something is tried before it counts as failed. */
const attempts = 5

/** Where nothing went wrong that does not pass, there is no reason not to succeed. */
function timidity({ story, situation, world }: Told): string[] {
  const isSettled = (call: Told['world']['calls'][number]) => {
    const tool = situation.tools[`${call.request.server}.${call.request.tool}`]
    return isLost(call.fault) && (tool?.idempotency === 'natural' || tool?.lookup !== undefined)
  }
  const passed = world.calls.every((call) => passing.includes(call.fault) || isSettled(call))
  const wasTried = [...situation.calls.values()].some(({ attempt }) => attempt >= attempts)
  if (isCutShort(story) || !passed || wasTried || situation.status === 'succeeded') return []
  return [`the run ${situation.status} although nothing went wrong that would not have passed`]
}

/** An undo that failed in a way that passes is tried again, as long as there is a reserve. */
function halfHeartedUndos({ situation }: Told): string[] {
  const { usage, budget } = situation
  if (usage.compensation_calls >= budget.compensation_calls) return []
  return (situation.compensation?.remaining ?? []).flatMap(({ call_id, tool }) => {
    const last = [...situation.calls.values()].findLast(({ compensates }) => compensates === call_id)
    const passes =
      last?.outcome?.status === 'failed' && ['unavailable', 'rate_limited'].includes(last.outcome.failure.kind)
    return passes && last.attempt < attempts ? [`the undo of ${tool} (${call_id}) was not tried again`] : []
  })
}

/** In an undo, what may have happened is looked up where that can be: else nobody could take it back. */
function openDoubts({ story, situation }: Told): string[] {
  const { calls, tools, compensation } = situation
  if ('tool_calls' in story.budget) return []
  return (compensation?.remaining ?? []).flatMap(({ call_id, tool }) => {
    const key = calls.get(call_id)?.idempotency_key
    const attempts = [...calls.values()].filter(({ idempotency_key }) => idempotency_key === key)
    const isLookedUp = [...calls.values()].some(({ looks_up }) => attempts.some((each) => each.call_id === looks_up))
    if (attempts.at(-1)?.outcome?.status !== 'uncertain' || !tools[tool]?.lookup || isLookedUp) return []
    return [`${call_id} (${tool}) may remain, and nobody looked it up`]
  })
}

/** True where a run may have to stop although nothing failed. */
function isCutShort({ cancelAtCall, budget, crashes }: Story): boolean {
  return (
    crashes.length > 0 || cancelAtCall !== undefined || Object.keys(budget).some((limit) => limit !== 'concurrency')
  )
}
