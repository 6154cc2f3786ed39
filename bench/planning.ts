import { performance } from 'node:perf_hooks'
import { plan } from '../orchestrator/decide/planner/plan.ts'
import type { PlanningProblem } from '../orchestrator/decide/planner/problem.ts'
import { sketchTool } from '../orchestrator/decide/planner/tool-fixture.ts'
import type { Tool } from '../orchestrator/model/catalogue.ts'
import { goalSchema } from '../orchestrator/model/goal.ts'
import { median } from './measure.ts'
import type { Part } from './part.ts'

const sizes = [10, 100, 1_000, 5_000]
/** Tools of one server: five that create, each from what the one before made, and five that read. */
const chain = 5

/**
 * A catalogue in which the servers depend on each other: the first tool of each needs what two earlier servers made, reads
 * offer every value as well, and a tenth of all values have a rival of higher cost. No randomness: the same every time.
 */
function syntheticTools(count: number): Map<string, Tool> {
  const tools: Tool[] = []
  for (let server = 0; tools.length < count; server++) {
    const name = `s${server}`
    for (let step = 0; step < chain; step++) {
      const before = step === 0 ? earlier(server) : [`${name}.v${step - 1}`]
      const needs = Object.fromEntries([...before, 'goal.name'].map((fact) => [fact.replace('.', '_'), fact]))
      const gives = { value: `${name}.v${step}` }
      tools.push(
        sketchTool(`${name}.create_v${step}`, {
          effect: 'create',
          needs,
          gives,
          establishes: [`${name}.made_v${step}`],
        }),
        sketchTool(`${name}.find_v${step}`, { needs: { key: `${name}.key` }, gives }),
      )
    }
    if (server % 2 === 0) {
      tools.push(
        sketchTool(`${name}.alter_v0`, {
          effect: 'update',
          gives: { value: `${name}.v0` },
          establishes: [`${name}.made_v0`],
        }),
      )
    }
  }
  return new Map(tools.slice(0, count).map((tool) => [tool.id, tool]))
}

function earlier(server: number): string[] {
  return server === 0 ? [] : [...new Set([server - 1, server >> 1])].map((index) => `s${index}.v0`)
}

function problemOf(tools: Map<string, Tool>, outcomes: string[]): PlanningProblem {
  return {
    goal: goalSchema.parse({
      goal: 'bench',
      title: 'Bench',
      input: { type: 'object', properties: { name: { type: 'string', fact: 'goal.name' } } },
      outcomes: outcomes.map((fact) => ({ fact })),
    }),
    input: { name: 'Acme' },
    tools,
    kept: [],
    excluded: new Map(),
    waived: new Set(),
    ids: new Map(),
  }
}

/** The last value of the last whole server, and of two before it: the more servers, the longer the plan. */
function goalFor(count: number): string[] {
  const last = Math.max(0, Math.floor(count / 11) - 1)
  return [...new Set([last, last >> 1, last >> 2])].map((server) => `s${server}.made_v${count < 11 ? 3 : chain - 1}`)
}

/** Plans that an ordinary goal asks for: its outcomes lie near the start, whatever else is in the catalogue. */
const nearGoal = ['s0.made_v3']

/** How long planning takes as the catalogue grows. */
export const planning: Part = {
  name: 'planning',
  about: 'how long the planner takes in catalogues of up to 5,000 tools',
  async run(_stage, { quick }) {
    const rounds = quick ? 1 : 50
    const grown = quick ? sizes.slice(0, 2) : sizes
    return {
      tables: [
        {
          title: 'A goal that needs four tools, index of facts included',
          rows: grown.map((count) => measure(count, nearGoal, rounds)),
        },
        {
          title: 'A goal whose plan grows with the catalogue',
          rows: grown.map((count) => measure(count, goalFor(count), rounds)),
        },
      ],
      bars: [],
    }
  },
}

function measure(count: number, goal: string[], rounds: number) {
  const source = syntheticTools(count)
  const times: number[] = []
  let tasks = 0
  for (let round = 0; round < rounds; round++) {
    // A new map is a new catalogue, so that each round builds the index of facts as well.
    const problem = problemOf(new Map(source), goal)
    const started = performance.now()
    const planned = plan(problem)
    times.push(performance.now() - started)
    if (!planned.ok) throw new Error(`no plan over ${count} tools: ${JSON.stringify(planned.issues)}`)
    tasks = planned.tasks.length
  }
  const ms = median(times)
  return {
    tools: count,
    tasks,
    'ms the first time': times[0] ?? 0,
    'ms, median': ms,
    'µs a tool': (ms * 1_000) / count,
  }
}
