import type { Issue } from '../../shared/failure.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import { type Catalogue, contractOf, type Tool, type ToolContract } from '../model/catalogue.ts'
import type { Decision, Task } from '../model/decision.ts'
import type { Situation } from '../model/situation.ts'
import { type Remaining, remaining } from './budget.ts'
import { orderIrreversible } from './order-irreversible.ts'
import { checkPlannedArguments, type PlanWorld } from './planned-arguments.ts'
import { policyRules } from './policy.ts'
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
  limits: Pick<Remaining, 'tool_calls' | 'revisions'> = remaining(situation),
): Validation {
  const started = [...situation.tasks.values()].filter(({ status }) => status !== 'pending')
  const world: PlanWorld = {
    situation,
    catalogue,
    toolOf: new Map([...started, ...plan.tasks].map(({ id, tool }) => [id, tool])),
  }
  const problems = [...limitProblems(plan, limits), ...idProblems(plan.tasks, started)]
  for (const [index, task] of plan.tasks.entries()) {
    const path = `/tasks/${index}`
    problems.push(...orderProblems(task, path, situation, world))
    const tool = catalogue.tools.get(task.tool)
    if (tool) problems.push(...toolProblems(task, tool, path, world))
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

function limitProblems({ tasks }: Plan, limits: Pick<Remaining, 'tool_calls' | 'revisions'>): Issue[] {
  const problems: Issue[] = []
  if (tasks.length === 0)
    problems.push({ path: '/tasks', message: 'a plan has at least one task; decide to finish or to give up instead' })
  if (limits.revisions < 1) problems.push({ path: '', message: 'the budget allows no further revision of the plan' })
  if (tasks.length > limits.tool_calls) {
    problems.push({
      path: '/tasks',
      message: `${tasks.length} calls are planned and the budget leaves ${limits.tool_calls}`,
    })
  }
  return problems
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
  const problems = checkPlannedArguments(task, tool, world).map((issue) => ({
    path: `${path}/arguments${issue.path}`,
    message: issue.message,
  }))
  if (tool.effect === 'delete') {
    const rule = 'deletes-only-as-compensation'
    problems.push({ path: `${path}/tool`, message: `${tool.id} is a delete: ${policyRules[rule]} (${rule})` })
  }
  return problems
}

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
