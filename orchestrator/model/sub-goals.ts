import { digest } from '../../shared/json.ts'
import type { Catalogue, Tool } from './catalogue.ts'
import { budgetSchema, type Goal } from './goal.ts'
import { inputProperties } from './input-facts.ts'

/** The server that is no process: its tools are goals, and calling one starts a run. */
export const goalServer = 'goals'

/** The name under which runs of goals in free text are listed. */
export const freeText = 'free_text'

/** The tool that starts the run of a sub-goal in free text. */
export const pursueText = 'pursue_text'

/** The tool that undoes the run of a sub-goal. */
const undoRun = 'undo_run'

/**
 * The catalogue with every goal as a tool of the server `goals`, so that one goal can be a part of another: `goals.onboard`
 * starts a run of `onboard` with what it is given as `input`, and establishes the fact of the same name. `goals.pursue_text`
 * starts one of a goal in free text, for which only who understands the text can decide.
 */
export function withSubGoals(catalogue: Catalogue, goals: readonly Goal[]): Catalogue {
  const tools = [...goals.map(toolOf), textTool, undoTool].map((tool): [string, Tool] => [tool.id, tool])
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

const resultSchema = {
  type: 'object',
  required: ['run_id', 'result'],
  properties: { run_id: idSchema, result: { type: 'object', description: 'What exists now, by fact.' } },
}

function toolOf(goal: Goal): Tool {
  const name = subGoalName(goal)
  return {
    ...common,
    name,
    id: `${goalServer}.${name}`,
    title: goal.title,
    description: `${goal.description || goal.title} Runs as a run of its own, with fewer tools and a part of the budget.`,
    input: { type: 'object', required: ['input'], additionalProperties: false, properties: { input: goal.input } },
    output: resultSchema,
    effect: 'create',
    establishes: [`${goalServer}.${name}`],
    marks: {
      input: {
        facts: {},
        sensitive: inputProperties(goal.input).flatMap((one) => (one.sensitive ? [`/input${one.pointer}`] : [])),
        destinations: [],
      },
      output: noMarks,
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

const noMarks = { facts: {}, sensitive: [], destinations: [] }

const text = {
  type: 'string',
  pattern: '\\S',
  description: 'What is to be achieved, in words of yours or of the input.',
}

const textTool: Tool = {
  ...common,
  name: pursueText,
  id: `${goalServer}.${pursueText}`,
  title: 'Pursue a goal in words',
  description:
    'Give a part of the goal in words to a run of its own, which decides for itself with fewer tools and a part of the budget ' +
    '(slice). For work of many steps that needs none of what this run has seen.',
  input: {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: {
      text,
      outcomes: {
        type: 'array',
        items: { type: 'string' },
        description: 'Facts that tools establish, such as billing.subscription: they must hold at its end.',
      },
      input: { type: 'object', description: 'The values that it needs; under the name of a fact they are that fact.' },
    },
  },
  output: resultSchema,
  effect: 'create',
  establishes: [`${goalServer}.${pursueText}`],
  marks: { input: noMarks, output: noMarks },
  compensation: { tool: undoRun, arguments: { run_id: { $ref: '/output/run_id' } } },
  timeout_ms: 3_600_000,
  fingerprint: digest({ pursue_text: 2 }),
  sub_goal: {
    goal: freeText,
    budget: budgetSchema.parse({
      tool_calls: 20,
      compensation_calls: 20,
      model_calls: 10,
      tokens: 300_000,
      cost_usd: 1,
    }),
  },
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
  marks: { input: noMarks, output: noMarks },
  timeout_ms: 3_600_000,
  fingerprint: digest({ undo_run: 1 }),
}
