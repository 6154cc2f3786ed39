import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { z } from 'zod'
import type { Task } from '../orchestrator/model/decision.ts'
import type { Value } from '../orchestrator/model/value.ts'
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts'

/** A plan of the NESTFUL benchmark as Remit runs it. */
export interface NestfulPlan {
  id: string
  tasks: Task[]
  /** The task that each task has to wait for. */
  edges: { from: string; to: string }[]
  /** What each task has to return, so that everything that refers to it resolves. */
  outputs: Map<string, JsonObject>
  /** How many calls follow each other on the longest way through the plan, as the benchmark says. */
  criticalPath: number
}

const planSchema = z.object({
  id: z.string(),
  steps: z.array(
    z.object({
      id: z.string(),
      tool: z.string(),
      args: z.record(z.string(), z.json()),
      dependsOn: z.array(z.string()),
    }),
  ),
  criticalPath: z.int(),
})

/** The plans in `nestful.jsonl`, or undefined where the folder does not hold it. */
export async function readNestful(folder: string): Promise<NestfulPlan[] | undefined> {
  const file = join(folder, 'nestful.jsonl')
  if (!existsSync(file)) return undefined
  const plans: NestfulPlan[] = []
  for await (const line of createInterface({ input: createReadStream(file) }))
    if (line !== '') plans.push(toPlan(planSchema.parse(JSON.parse(line))))
  return plans
}

function toPlan({ id, steps, criticalPath }: z.infer<typeof planSchema>): NestfulPlan {
  const outputs = new Map<string, JsonObject>()
  /** The benchmark's name of a step → the task, while reading on: some plans use a name twice and mean the earlier. */
  const known = new Map<string, string>()
  const edges: NestfulPlan['edges'] = []
  const tasks = steps.map((step, index): Task => {
    const taskId = `step_${index}`
    const args = Object.fromEntries(
      Object.entries(step.args).map(([name, value]) => [name, toValue(value, known, outputs)]),
    )
    for (const name of step.dependsOn) edges.push({ from: known.get(name) ?? '', to: taskId })
    known.set(step.id, taskId)
    outputs.set(taskId, {})
    return { id: taskId, tool: `nestful.${toolName(step.tool)}`, arguments: args, after: [], why: '' }
  })
  return { id, tasks, edges, outputs, criticalPath }
}

/** Names of the benchmark's tools are of several styles; Remit's are of one. */
export function toolName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
}

const reference = /\$(var\d+)((?:\.\w+|\[\d+\])*)\$/

/** `$var1.movies[0]$` becomes a reference, alone or within a text; the step that it points at learns what to return. */
function toValue(value: Json, known: ReadonlyMap<string, string>, outputs: Map<string, JsonObject>): Value {
  if (Array.isArray(value)) return value.map((item) => toValue(item, known, outputs))
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toValue(item, known, outputs)]))
  if (typeof value !== 'string') return value
  const parts: (string | { $ref: string })[] = []
  let rest = value
  for (let match = reference.exec(rest); match; match = reference.exec(rest)) {
    const [whole, name = '', path = ''] = match
    const task = known.get(name) ?? ''
    const tokens = path.match(/\w+/g) ?? []
    promise(outputs, task, tokens)
    parts.push(rest.slice(0, match.index), { $ref: ['/tasks', task, 'output', ...tokens].join('/') })
    rest = rest.slice(match.index + whole.length)
  }
  if (parts.length === 0) return value
  const pieces = [...parts, rest].filter((part) => part !== '')
  const [only] = pieces
  return pieces.length === 1 && typeof only === 'object' ? only : { $text: pieces }
}

/** Puts a value where a reference into the output of a task points: a field, and at most one place in its list. */
function promise(outputs: Map<string, JsonObject>, task: string, [field, place]: readonly string[]): void {
  const output = outputs.get(task)
  if (!output || field === undefined) return
  if (place === undefined) output[field] ??= `${field} of ${task}`
  else output[field] = Array.from({ length: Number(place) + 1 }, (_, index) => `${field} ${index} of ${task}`)
}
