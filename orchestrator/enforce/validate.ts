import type { Issue } from '../../shared/failure.ts'
import { digest } from '../../shared/json.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import { type Catalogue, contractOf, type Tool, type ToolContract } from '../model/catalogue.ts'
import type { Decision, Task } from '../model/decision.ts'
import type { Situation, TaskState } from '../model/situation.ts'
import { isAllowed } from './allowed-tools.ts'
import { type Remaining, remaining } from './budget.ts'
import { checkFanOut } from './check-fan-out.ts'
import { orderIrreversible } from './order-irreversible.ts'
import { checkPlannedArguments, type PlanWorld } from './planned-arguments.ts'
import { guards } from './policy/guards.ts'
import { reservationOf } from './reservation.ts'
import { dependenciesOf, findCycle } from './task-graph.ts'

export type Plan = Extract<Decision, { kind: 'plan' }>

/** A plan as it will run, with the contracts it runs under, or every reason why it is refused, by path. */
export type Validation =
  | { ok: true; tasks: Task[]; tools: Record<string, ToolContract> }
  | { ok: false; problems: Issue[] }

/**
 * Accepts a plan only when its tools exist, its graph is acyclic, its references lead somewhere that may fit, its literals
 * are right, its effects are within the default policy and its calls and revision within the budget. Says everything that is
 * wrong at once. An accepted plan has the edges that keep what cannot be undone for last.
 */
export function validatePlan(
  plan: Plan,
  situation: Situation,
  catalogue: Catalogue,
  limits: Remaining = remaining(situation),
): Validation {
  const started = [...situation.tasks.values()].filter(({ status }) => status !== 'pending')
  const world: PlanWorld = {
    situation,
    catalogue,
    toolOf: new Map([...started, ...plan.tasks].map(({ id, tool }) => [id, tool])),
    fanned: new Set([...started, ...plan.tasks].flatMap(({ id, for_each }) => (for_each ? [id] : []))),
  }
  const problems = [...limitProblems(plan, limits, catalogue), ...idProblems(plan.tasks, started)]
  problems.push(...repetitionProblems(plan.tasks, started))
  for (const [index, task] of plan.tasks.entries()) {
    const path = `/tasks/${index}`
    problems.push(...orderProblems(task, path, situation, world))
    const tool = catalogue.tools.get(task.tool)
    if (tool) problems.push(...toolProblems(task, tool, path, world), ...fitProblems(task, tool, path, situation))
    else {
      const hint = didYouMean(task.tool, catalogue.tools.keys())
      problems.push({ path: `${path}/tool`, message: `there is no reviewed tool ${task.tool}${hint}` })
    }
  }
  problems.push(...cycleProblems(plan.tasks))
  if (problems.length > 0) return { ok: false, problems }

  const contract = (id: string) => catalogue.tools.get(id) ?? situation.tools[id]
  return {
    ok: true,
    tasks: orderIrreversible(plan.tasks, situation, contract),
    tools: contractsOf(plan.tasks, catalogue),
  }
}

function limitProblems({ tasks }: Plan, limits: Remaining, { tools }: Catalogue): Issue[] {
  const problems: Issue[] = []
  if (tasks.length === 0)
    problems.push({ path: '/tasks', message: 'a plan has at least one task; decide to finish or to give up instead' })
  if (limits.revisions < 1) problems.push({ path: '', message: 'the budget allows no further revision of the plan' })
  for (const limit of ['tool_calls', 'compensation_calls', 'model_calls', 'tokens', 'cost_usd'] as const) {
    const planned = tasks.reduce((sum, task) => {
      const one = reservationOf(task, tools.get(task.tool))[limit] ?? 0
      return sum + one * (task.for_each?.max ?? 1)
    }, 0)
    if (planned <= limits[limit]) continue
    const what = limit === 'tool_calls' ? 'calls are planned' : `${limit} would be set aside for sub-goals`
    problems.push({ path: '/tasks', message: `${planned} ${what} and the budget leaves ${limits[limit]}` })
  }
  return problems
}

/** The same call again, after the runtime gave up on it, would end the same way: only a person asks for that. */
function repetitionProblems(tasks: readonly Task[], started: readonly TaskState[]): Issue[] {
  if (started.length === 0) return []
  const calls = ({ tool, arguments: args, for_each }: Task) => digest([tool, args, for_each ?? null])
  const ended = new Map(
    started
      .filter(({ status, notice }) => !notice && (status === 'failed' || status === 'refused'))
      .map((task) => [calls(task), task]),
  )
  return tasks.flatMap((task, index) => {
    const same = task.notice ? undefined : ended.get(calls(task))
    if (!same) return []
    const ending = same.status === 'failed' ? 'failed' : 'was refused'
    return [
      {
        path: `/tasks/${index}`,
        message: `${task.id} is ${same.id} again, which ${ending}: ${same.failure?.message ?? 'no reason was given'}`,
      },
    ]
  })
}

function idProblems(tasks: readonly Task[], started: readonly Task[]): Issue[] {
  const taken = new Map(started.map(({ id }) => [id, 'has already started; a task that runs again needs a new id']))
  return tasks.flatMap(({ id }, index) => {
    const why = taken.get(id)
    taken.set(id, 'is the id of another task of this plan')
    return why === undefined ? [] : [{ path: `/tasks/${index}/id`, message: `${id} ${why}` }]
  })
}

function orderProblems(task: Task, path: string, situation: Situation, { toolOf }: PlanWorld): Issue[] {
  const problems = task.after.flatMap((id, index) =>
    toolOf.has(id)
      ? []
      : [{ path: `${path}/after/${index}`, message: `there is no task ${id}${didYouMean(id, toolOf.keys())}` }],
  )
  for (const id of dependenciesOf(task)) {
    const status = situation.tasks.get(id)?.status
    if (status === 'failed' || status === 'refused') {
      problems.push({
        path,
        message: `${task.id} waits for ${id}, which ${status === 'failed' ? 'has failed' : 'was refused'}, so it could never start`,
      })
    }
  }
  return problems
}

function toolProblems(task: Task, tool: Tool, path: string, world: PlanWorld): Issue[] {
  const inArguments = (issue: Issue) => ({ path: `${path}/arguments${issue.path}`, message: issue.message })
  const problems = task.for_each
    ? checkFanOut(task, task.for_each, tool, world).map(({ path: at, message }) => ({ path: `${path}${at}`, message }))
    : checkPlannedArguments(task, tool, world).map(inArguments)
  if (tool.effect === 'delete') {
    const rule = 'deletes-only-as-compensation'
    problems.push({ path: `${path}/tool`, message: `${tool.id} is a delete: ${guards[rule]} (${rule})` })
  }
  return problems
}

/** What a goal and a sub-goal allow, beside what is right in itself. */
function fitProblems(task: Task, tool: Tool, path: string, { created }: Situation): Issue[] {
  const problems: Issue[] = []
  const { goal, parent } = created
  if (!isAllowed(goal.tools, tool.id)) {
    problems.push({
      path: `${path}/tool`,
      message: `${tool.id} is none of the tools of this run: ${goal.tools?.join(', ')}`,
    })
  }
  if (task.slice && !tool.sub_goal)
    problems.push({ path: `${path}/slice`, message: `${tool.id} is no sub-goal: only the run of one has a budget` })
  if (tool.sub_goal && (parent?.depth ?? 0) >= deepest)
    problems.push({ path: `${path}/tool`, message: `runs of sub-goals lie ${deepest} deep already, and no deeper` })
  return problems
}

/** How many runs may be above one. */
const deepest = 3

function cycleProblems(tasks: readonly Task[]): Issue[] {
  const graph = new Map(tasks.map((task) => [task.id, dependenciesOf(task)]))
  const cycle = findCycle(graph)
  if (!cycle) return []
  const index = tasks.findIndex(({ id }) => id === cycle[0])
  return [{ path: `/tasks/${index}`, message: `tasks wait for each other in a circle: ${cycle.join(' → ')}` }]
}

/** The contracts of every tool that the plan uses, and of what undoes and looks up its calls. */
function contractsOf(tasks: readonly Task[], catalogue: Catalogue): Record<string, ToolContract> {
  const contracts: Record<string, ToolContract> = {}
  for (const { tool: id } of tasks) {
    const tool = catalogue.tools.get(id)
    if (!tool) continue
    for (const name of [tool.name, tool.compensation?.tool, tool.lookup?.tool]) {
      const used = name === undefined ? undefined : catalogue.tools.get(`${tool.server}.${name}`)
      if (used) contracts[used.id] = contractOf(used)
    }
  }
  return contracts
}
