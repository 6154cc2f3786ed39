import type { AnyServer } from '../../../shared/capability/define-server.ts'
import type { AnyTool } from '../../../shared/capability/define-tool.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { getAt, parsePointer } from '../../../shared/json-pointer.ts'

/** The tools whose results an example needs. */
export function needsOf({ example }: Pick<AnyTool<unknown>, 'example'>): string[] {
  const tools = referencesIn(example ?? {}).flatMap((ref) => parsePointer(ref).slice(0, 1))
  return [...new Set(tools)]
}

/** The tools in an order in which all of their examples work: what is needed first, and deletes last, the newest thing's first. */
export function inOrder(server: AnyServer): AnyTool<unknown>[] {
  const named = new Map(server.tools.map((tool) => [tool.name, tool]))
  const depth = (tool: AnyTool<unknown>, above: readonly string[] = []): number => {
    const path = [...above, tool.name]
    if (above.includes(tool.name)) throw new Error(`the examples need each other: ${path.join(' → ')}`)
    const needed = needsOf(tool).map((name) => {
      const found = named.get(name)
      if (!found) throw new Error(`the example of ${tool.name} refers to ${name}, which is no tool of ${server.name}`)
      return depth(found, path)
    })
    return 1 + Math.max(0, ...needed)
  }
  const deletes = ({ effect }: AnyTool<unknown>) => effect === 'delete'
  return [
    ...server.tools.filter((tool) => !deletes(tool)).toSorted((a, b) => depth(a) - depth(b)),
    ...server.tools.filter(deletes).toSorted((a, b) => depth(b) - depth(a)),
  ]
}

/** What the example of a tool came to. */
export interface Ran {
  arguments: JsonObject
  output: JsonObject
}

/** The arguments of an example, with what others came to in the place of references. Throws where a reference finds nothing. */
export function argumentsOf({ name, example = {} }: AnyTool<unknown>, ran: ReadonlyMap<string, Ran>): JsonObject {
  const resolve = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(resolve)
    if (!isJsonObject(value)) return value
    if (typeof value.$ref === 'string') return valueAt(value.$ref, name, ran)
    return resolveAll(value)
  }
  const resolveAll = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, resolve(value)]))
  return resolveAll(example)
}

function valueAt(ref: string, tool: string, ran: ReadonlyMap<string, Ran>): Json {
  const results = Object.fromEntries([...ran].map(([name, result]) => [name, { ...result }]))
  const found = getAt(results, ref)
  if (found === undefined) throw new Error(`the example of ${tool} refers to ${ref}, where nothing is`)
  return found
}

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isJsonObject(value)) return []
  return typeof value.$ref === 'string' ? [value.$ref] : Object.values(value).flatMap(referencesIn)
}
