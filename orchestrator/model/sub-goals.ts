import { digest } from '../../shared/json.ts'
import type { Catalogue, Tool } from './catalogue.ts'
import type { Goal } from './goal.ts'
import { inputProperties } from './input-facts.ts'

/** The server that is no process: its tools are goals, and calling one starts a run. */
export const goalServer = 'goals'

/** The tool that undoes the run of a sub-goal. */
const undoRun = 'undo_run'

/**
 * The catalogue with every goal as a tool of the server `goals`, so that one goal can be a part of another: `goals.onboard`
 * starts a run of `onboard` with what it is given as `input`, and establishes the fact of the same name.
 */
export function withSubGoals(catalogue: Catalogue, goals: readonly Goal[]): Catalogue {
  const tools = [...goals.map(toolOf), undoTool].map((tool): [string, Tool] => [tool.id, tool])
  return {
    ...catalogue,
    digest: digest([catalogue.digest, tools.map(([, { fingerprint }]) => fingerprint)]),
    tools: new Map([...catalogue.tools, ...tools]),
  }
}

/** The tool that a goal is to other goals. */
export function subGoalName({ goal }: Pick<Goal, 'goal'>): string {
  return goal.replaceAll('-', '_')
}

const idSchema = { type: 'string', description: 'Id of the run.' }

function toolOf(goal: Goal): Tool {
  const name = subGoalName(goal)
  return {
    ...common,
    name,
    id: `${goalServer}.${name}`,
    title: goal.title,
    description: `${goal.description || goal.title} Runs as a run of its own, with fewer tools and a part of the budget.`,
    input: { type: 'object', required: ['input'], additionalProperties: false, properties: { input: goal.input } },
    output: {
      type: 'object',
      required: ['run_id', 'result'],
      properties: {
        run_id: idSchema,
        result: { type: 'object', description: 'What exists now, by fact.' },
      },
    },
    effect: 'create',
    establishes: [`${goalServer}.${name}`],
    marks: {
      input: {
        facts: {},
        sensitive: inputProperties(goal.input).flatMap((one) => (one.sensitive ? [`/input${one.pointer}`] : [])),
        destinations: [],
      },
      output: { facts: {}, sensitive: [], destinations: [] },
    },
    compensation: { tool: undoRun, arguments: { run_id: { $ref: '/output/run_id' } } },
    timeout_ms: goal.budget.wall_clock_s * 1_000,
    fingerprint: digest(goal),
    sub_goal: { goal: goal.goal, budget: goal.budget },
  }
}

const common = {
  server: goalServer,
  annotations: {},
  // The run has the id of its call: asked again, it is the same run.
  idempotency: 'natural' as const,
  scopes: [],
  egress: [],
}

const undoTool: Tool = {
  ...common,
  name: undoRun,
  id: `${goalServer}.${undoRun}`,
  title: 'Undo a run',
  description: 'Undo all that the run of a sub-goal did.',
  input: { type: 'object', required: ['run_id'], additionalProperties: false, properties: { run_id: idSchema } },
  effect: 'delete',
  establishes: [],
  marks: {
    input: { facts: {}, sensitive: [], destinations: [] },
    output: { facts: {}, sensitive: [], destinations: [] },
  },
  timeout_ms: 3_600_000,
  fingerprint: digest({ undo_run: 1 }),
}
