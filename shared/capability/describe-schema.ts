import { z } from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { formatPointer } from '../json-pointer.ts'
import type { Marks } from '../manifest.ts'
import { markKeys } from './fields.ts'

/** A zod object as the wire sees it: plain JSON Schema, and the marks that were on its fields. */
export interface SchemaDescription {
  schema: JsonObject
  marks: Marks
}

/**
 * The JSON Schema of what a tool takes (`input`) or returns (`output`), with Remit's marks lifted out into pointers.
 * Throws where zod holds something that JSON Schema cannot say (a Date, a transform without an output schema), and where
 * a mark sits on something that no pointer names (the values of a record): a lost mark would be a leak.
 */
export function describeSchema(type: z.ZodObject, io: 'input' | 'output'): SchemaDescription {
  const { $schema: _, ...root } = z.toJSONSchema(type, { io }) as JsonObject
  const walk: Walk = { root, reached: new Set(), marks: { facts: {}, sensitive: [], destinations: [] } }
  collectMarks(walk, root, [], new Set())
  return { schema: withoutMarks(walk, root) as JsonObject, marks: walk.marks }
}

interface Walk {
  root: JsonObject
  reached: Set<JsonObject>
  marks: Marks
}

const branches = ['anyOf', 'oneOf', 'allOf'] as const
const markNames: ReadonlySet<string> = new Set(Object.values(markKeys))

/** Walks the places that a value can have; `above` ends recursive schemas. */
function collectMarks(walk: Walk, node: Json | undefined, tokens: string[], above: ReadonlySet<Json>): void {
  if (!isJsonObject(node) || above.has(node)) return
  const within = new Set(above).add(node)
  const visit = (child: Json | undefined, ...more: string[]): void =>
    collectMarks(walk, child, [...tokens, ...more], within)

  walk.reached.add(node)
  addMarks(walk.marks, node, formatPointer(tokens))
  if (typeof node.$ref === 'string') visit(definition(walk.root, node.$ref))
  for (const key of branches) {
    const list = node[key]
    if (Array.isArray(list)) for (const branch of list) visit(branch)
  }
  if (isJsonObject(node.properties)) {
    for (const [name, property] of Object.entries(node.properties)) visit(property, name)
  }
  visit(node.items, '*')
}

function addMarks(marks: Marks, node: JsonObject, pointer: string): void {
  const fact = node[markKeys.fact]
  if (typeof fact === 'string') marks.facts[pointer] = fact
  if (node[markKeys.sensitive] === true && !marks.sensitive.includes(pointer)) marks.sensitive.push(pointer)
  if (node[markKeys.destination] === true && !marks.destinations.includes(pointer)) marks.destinations.push(pointer)
}

function definition(root: JsonObject, ref: string): Json | undefined {
  const name = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
  return name !== undefined && isJsonObject(root.$defs) ? root.$defs[name] : undefined
}

function withoutMarks(walk: Walk, node: Json): Json {
  if (Array.isArray(node)) return node.map((item) => withoutMarks(walk, item))
  if (!isJsonObject(node)) return node
  const marked = Object.keys(node).some((key) => markNames.has(key))
  if (marked && !walk.reached.has(node)) {
    throw new Error('a mark (fact, sensitive, destination) may stand on a field or the items of an array, nowhere else')
  }
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => !markNames.has(key))
      .map(([key, value]) => [key, withoutMarks(walk, value)]),
  )
}
