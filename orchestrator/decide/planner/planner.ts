import type { Failure } from '../../../shared/failure.ts'
import { digest } from '../../../shared/json.ts'
import type { Catalogue } from '../../model/catalogue.ts'
import type { Decided, Decision, Task } from '../../model/decision.ts'
import { evidenceFor } from '../../model/evidence.ts'
import { itemsOf } from '../../model/fan-out.ts'
import type { Situation, TaskState } from '../../model/situation.ts'
import { allowedTools } from '../allowed-tools.ts'
import type { Reasoner } from '../reasoner.ts'
import { decideCall } from './decide-call.ts'
import { plan } from './plan.ts'
import type { KeptTask, Planned, PlanningProblem } from './problem.ts'

/** Decides without a model: plans by facts, plans again around what failed, and finishes with the calls as evidence. */
export const planner: Reasoner = {
  name: 'planner',
  digest: digest({ reasoner: 'planner', version: 1 }),
  async decide(situation: Situation, catalogue: Catalogue): Promise<Decided> {
    const usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
    return { decision: decide(situation, catalogue), usage }
  },
}

function decide(situation: Situation, catalogue: Catalogue): Decision {
  const { call } = situation.created.goal
  if (call !== undefined) return decideCall(situation, call)
  const evidence = evidenceFor(situation)
  const unmet = situation.created.goal.outcomes.filter(
    ({ fact }) => !situation.waived.has(fact) && !evidence.some((held) => held.fact === fact),
  )
  if (unmet.length === 0) {
    return { kind: 'finish', outcomes: evidence, why: 'Every outcome holds, by the calls cited.' }
  }
  const last = situation.decisions.at(-1)
  // What was refused of somebody else says nothing of this plan.
  const refused = last?.reasoner === 'planner' ? last.problems : undefined
  if (refused) {
    const facts = unmet.map(({ fact }) => fact)
    return {
      kind: 'give_up',
      code: 'plan_refused',
      facts,
      issues: refused,
      why: 'The runtime refused the plan, and there is no other.',
    }
  }
  const problem = problemOf(situation, catalogue)
  const planned = plan(problem)
  if (planned.ok) return { kind: 'plan', tasks: planned.tasks, why: planned.why }
  return planTheRest(situation, problem, planned) ?? giveUp(situation, catalogue, planned)
}

/**
 * Once the run has done something, what can still be had is done before the outcomes that cannot are given up, unless one
 * of those undoes the run anyway.
 */
function planTheRest(
  situation: Situation,
  problem: PlanningProblem,
  { facts }: Extract<Planned, { ok: false }>,
): Decision | undefined {
  const isLost = (fact: string) => facts.includes(fact)
  const undoes = problem.goal.outcomes.some(({ fact, on_failure }) => on_failure === 'undo' && isLost(fact))
  if (situation.calls.size === 0 || undoes) return undefined
  const planned = plan({ ...problem, waived: new Set([...problem.waived, ...facts]) })
  if (!planned.ok || planned.tasks.length === 0) return undefined
  return { kind: 'plan', tasks: planned.tasks, why: `${planned.why} Out of reach: ${facts.join(', ')}.` }
}

function giveUp(
  situation: Situation,
  catalogue: Catalogue,
  { code, facts, issues }: Extract<Planned, { ok: false }>,
): Decision {
  const failed = failures(situation)
  const causes = [...failed].map(([tool, why]) => `${tool} ${why}`)
  if (code === 'ambiguous_fact') {
    return { kind: 'give_up', code, facts, issues, why: 'The goal leaves open which tool gives a fact.' }
  }
  if (failed.size === 0) {
    return {
      kind: 'give_up',
      code,
      facts,
      issues,
      why: `No plan leads to ${facts.join(', ')}: ${issues[0]?.message ?? ''}.`,
    }
  }
  const why = `${causes.join('; ')}. No other way leads to ${facts.join(', ')}.`
  const notice = noticeOf(situation, catalogue, why)
  return { kind: 'give_up', code: 'task_failed', facts, issues, ...(notice.length > 0 && { notice }), why }
}

/**
 * How to tell people of the trouble, as the goal's `on_trouble` says. Its arguments may also use the facts `run.id` and
 * `run.trouble`. Even a tool that failed is tried: then the record shows that nobody could be told.
 */
export function noticeOf(situation: Situation, catalogue: Catalogue, why: string): Task[] {
  const problem = problemOf(situation, catalogue)
  const { on_trouble: trouble } = situation.created.goal
  if (!trouble) return []
  const told = { 'run.id': situation.run_id, 'run.trouble': why }
  const planned = plan({
    ...problem,
    goal: {
      ...problem.goal,
      outcomes: [{ fact: trouble.fact, on_failure: 'accept', existing: false }],
      arguments: { ...problem.goal.arguments, ...told, ...trouble.arguments },
    },
    kept: problem.kept.map((task) => ({ ...task, establishes: [] })),
    excluded: new Map(),
    waived: new Set(),
  })
  if (!planned.ok) return []
  return planned.tasks.map((task) => ({ ...task, why: 'tells people of the trouble', notice: true }))
}

function problemOf(situation: Situation, catalogue: Catalogue): PlanningProblem {
  const { goal } = situation.created
  return {
    goal,
    input: situation.input,
    tools: allowedTools(goal, catalogue),
    kept: keptTasks(situation),
    excluded: failures(situation),
    waived: situation.waived,
    ids: givenIds(situation),
  }
}

/** Tasks that stand or still run. One that was undone does not stand. */
function keptTasks(situation: Situation): KeptTask[] {
  const evidence = evidenceFor(situation)
  return [...situation.tasks.values()].flatMap((task) => {
    const tool = situation.tools[task.tool]
    const call = task.settled_by === undefined ? undefined : situation.calls.get(task.settled_by)
    // The items of a list are the business of the task that they are a part of.
    if (task.item_of !== undefined) return []
    if (!tool || task.notice || task.status === 'pending' || task.status === 'failed' || task.status === 'refused')
      return []
    if (call?.compensated_by !== undefined) return []
    const establishes = call
      ? evidence.filter(({ established_by }) => established_by === call.call_id).map(({ fact }) => fact)
      : tool.establishes
    const listed = task.for_each ? establishedByList(task, evidence, situation) : establishes
    return [{ id: task.id, tool, establishes: listed, ...(task.output === undefined ? {} : { output: task.output }) }]
  })
}

function establishedByList(
  task: TaskState,
  evidence: readonly { fact: string; established_by: string }[],
  situation: Situation,
): readonly string[] {
  if (task.status !== 'succeeded') return situation.tools[task.tool]?.establishes ?? []
  const calls = itemsOf(situation, task).map(({ settled_by }) => settled_by)
  return evidence.filter(({ established_by }) => calls.includes(established_by)).map(({ fact }) => fact)
}

function failures(situation: Situation): Map<string, string> {
  const failed = new Map<string, string>()
  for (const { tool, status, failure, notice, item_of } of situation.tasks.values()) {
    if (notice || item_of !== undefined) continue
    if (status === 'failed') failed.set(tool, `failed: ${reasonOf(failure)}`)
    if (status === 'refused') failed.set(tool, `was refused: ${reasonOf(failure)}`)
  }
  return failed
}

/** Ids of every plan so far; a task that never started passes its id on to the next task of the same tool. */
function givenIds(situation: Situation): Map<string, string | null> {
  const ids = new Map<string, string | null>()
  for (const { decision } of situation.decisions) {
    if (decision.kind === 'plan') for (const { id, tool } of decision.tasks) if (!ids.has(id)) ids.set(id, tool)
  }
  for (const { id, tool, status } of situation.tasks.values()) ids.set(id, status === 'pending' ? tool : null)
  return ids
}

/** Why a task failed, to stand within a sentence. */
function reasonOf(failure: Failure | undefined): string {
  return failure?.message.replace(/\.$/, '') ?? 'no reason was given'
}
