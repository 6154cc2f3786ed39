import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt, parsePointer } from '../../shared/json-pointer.ts'
import { compileSchema } from '../../shared/json-schema.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import type { Catalogue, Tool } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import { faultsOfOutcomes } from '../model/outcome-faults.ts'
import type { Situation } from '../model/situation.ts'
import { freeText } from '../model/sub-goals.ts'
import { holdsSealed, isReference, isSealed, isText } from '../model/value.ts'
import { isAllowed } from './allowed-tools.ts'
import { leaksInto, unknownArguments } from './arguments.ts'
import { misfit, type SchemaIn, schemaAt } from './schema-fit.ts'
import { covers, sealedIn } from './sensitive.ts'

/** What the arguments of a plan may point into. */
export interface PlanWorld {
  situation: Situation
  catalogue: Catalogue
  /** Id → tool, for the tasks of the plan and all that have started. */
  toolOf: ReadonlyMap<string, string>
  /** The ids of those that are for a list: their output is an array. */
  fanned: ReadonlySet<string>
}

/** What a reference leads to: the value where it is known, or the schema of what will be there. */
export type Target = { value: Json } | { schema: SchemaIn; sensitive: boolean } | { fault: string }

/**
 * What is wrong with a task's arguments before anything has run, by path within the arguments. References to known values
 * are judged with those values; for the others the producer's output schema must lead to something that may fit.
 */
export function checkPlannedArguments(task: Task, tool: Tool, world: PlanWorld): Issue[] {
  const issues: Issue[] = []
  const unknown: string[] = []
  const consumer: SchemaIn = { schema: tool.input, root: tool.input }

  const acceptsSensitive = (tokens: string[]) => covers(tool.marks.input.sensitive, tokens)

  const awaitSchema = (tokens: string[], produced: SchemaIn, what: string) => {
    const path = formatPointer(tokens)
    unknown.push(path)
    const wanted = schemaAt(consumer, tokens)
    const fault = wanted && misfit(produced, wanted)
    if (fault) issues.push({ path, message: `${what} does not fit: ${fault}` })
  }

  const visitReference = (ref: string, tokens: string[]): Json => {
    const path = formatPointer(tokens)
    const target = targetOf(ref, world)
    if ('fault' in target) {
      issues.push({ path, message: target.fault })
      unknown.push(path)
      return null
    }
    if ('value' in target) {
      for (const sealed of sealedIn(target.value, tokens)) {
        unknown.push(sealed)
        if (!acceptsSensitive(parsePointer(sealed))) issues.push({ path: sealed, message: leaksInto(tool.id) })
      }
      return target.value
    }
    if (target.sensitive && !acceptsSensitive(tokens)) issues.push({ path, message: leaksInto(tool.id) })
    awaitSchema(tokens, target.schema, ref)
    return null
  }

  const visitText = (parts: readonly unknown[], tokens: string[]): null => {
    const path = formatPointer(tokens)
    for (const part of parts) {
      if (typeof part === 'string') continue
      const target: Target = isReference(part)
        ? targetOf(part.$ref, world)
        : { fault: 'a part of a $text must be a string or a {"$ref": …}' }
      if ('fault' in target) issues.push({ path, message: target.fault })
      else if ('value' in target ? holdsSealed(target.value) : target.sensitive) {
        issues.push({ path, message: 'a sensitive value cannot become part of a text' })
      }
    }
    awaitSchema(tokens, { schema: { type: 'string' }, root: {} }, 'a text')
    return null
  }

  const visit = (node: Json, tokens: string[]): Json => {
    if (isReference(node)) return visitReference(node.$ref, tokens)
    if (isText(node)) return visitText(node.$text, tokens)
    if (isSealed(node)) {
      issues.push({
        path: formatPointer(tokens),
        message: 'a plan may not hold sealed values; refer to where the value is',
      })
      unknown.push(formatPointer(tokens))
      return null
    }
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...tokens, String(index)]))
    if (!isJsonObject(node)) return node
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item, [...tokens, key])]))
  }

  const known = Object.fromEntries(Object.entries(task.arguments).map(([key, value]) => [key, visit(value, [key])]))
  return [
    ...issues,
    ...compileSchema(tool.input)(known, unknown),
    ...unknownArguments(tool, known),
    ...outcomeProblems(task, tool, known, world),
  ]
}

/** A goal in words may name outcomes; those that are known must be what some tool that it may use establishes. */
function outcomeProblems({ slice }: Task, tool: Tool, { outcomes }: JsonObject, world: PlanWorld): Issue[] {
  if (tool.sub_goal?.goal !== freeText || !Array.isArray(outcomes)) return []
  const { situation, catalogue } = world
  const usable = [...catalogue.tools.values()].filter(
    ({ id }) => isAllowed(situation.created.goal.tools, id) && isAllowed(slice?.tools, id),
  )
  return outcomes.flatMap((fact, index) =>
    typeof fact === 'string'
      ? faultsOfOutcomes([fact], usable).map(({ message }) => ({
          path: `/outcomes/${index}`,
          message: `${message}, of those that this part of the goal may use`,
        }))
      : [],
  )
}

export function targetOf(ref: string, { situation, catalogue, toolOf, fanned }: PlanWorld): Target {
  if (!ref.startsWith('/')) return { fault: `"${ref}" is not a JSON pointer: it must start with "/"` }
  const [root, id, part, ...rest] = parsePointer(ref)
  if (root === 'input') {
    const value = getAt(situation.input, ref.slice('/input'.length))
    return value === undefined ? { fault: `${ref} does not resolve: the input has no such value` } : { value }
  }
  if (root !== 'tasks' || id === undefined || part !== 'output') {
    return { fault: `${ref} does not resolve: it must start with /input/ or /tasks/<id>/output` }
  }
  const toolId = toolOf.get(id)
  if (toolId === undefined)
    return { fault: `${ref} does not resolve: there is no task ${id}${didYouMean(id, toolOf.keys())}` }

  const started = situation.tasks.get(id)
  if (started?.status === 'succeeded' && started.output !== undefined) {
    const value = getAt(started.output, formatPointer(rest))
    return value === undefined
      ? { fault: `${ref} does not resolve: the output of ${toolId} has no such value` }
      : { value }
  }
  const producer = catalogue.tools.get(toolId)
  if (!producer?.output) return { schema: { schema: true, root: {} }, sensitive: false }
  const output = fanned.has(id) ? { type: 'array', items: producer.output } : producer.output
  const schema = schemaAt({ schema: output, root: producer.output }, rest)
  if (!schema) return { fault: `${ref} does not resolve: the output of ${toolId} has no such value` }
  return { schema, sensitive: covers(producer.marks.output.sensitive, fanned.has(id) ? rest.slice(1) : rest) }
}
