import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { parsePointer } from '../../shared/json-pointer.ts'
import type { Tool } from '../model/catalogue.ts'
import { type Goal, goalSchema } from '../model/goal.ts'

/**
 * The goal of a run that is one call of one tool, asked for by a host. The tool's input is the run's, and what is sensitive
 * in it is sealed. What the call establishes has to stand at the end, or nothing of it.
 */
export function callGoal(tool: Tool): Goal {
  const { outcomes: _, ...goal } = goalSchema.parse({
    goal: `${tool.server}-${tool.name}`,
    title: tool.title,
    description: `One call of ${tool.id}, asked for by a host.`,
    input: tool.marks.input.sensitive.reduce(markSensitive, tool.input),
    outcomes: [{ fact: `${tool.server}.${tool.name}` }],
    tools: [tool.id],
  })
  const outcomes = tool.establishes.map((fact) => ({ fact, on_failure: 'undo' as const, existing: true }))
  return { ...goal, outcomes, call: tool.id }
}

/** The schema with `sensitive: true` where the pointer leads. */
function markSensitive(schema: JsonObject, pointer: string): JsonObject {
  const mark = (node: Json | undefined, [token, ...rest]: string[]): JsonObject => {
    const here = isJsonObject(node) ? node : {}
    if (token === undefined) return { ...here, sensitive: true }
    if (token === '*') return { ...here, items: mark(here.items, rest) }
    const properties = isJsonObject(here.properties) ? here.properties : {}
    return { ...here, properties: { ...properties, [token]: mark(properties[token], rest) } }
  }
  return mark(schema, parsePointer(pointer))
}
