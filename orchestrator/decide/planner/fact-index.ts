import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { parsePointer } from '../../../shared/json-pointer.ts'
import { type Catalogue, inputFact, type Tool } from '../../model/catalogue.ts'

/** A place in a tool's output that gives a fact. */
export interface Source {
  tool: Tool
  pointer: string
  schema: Json | undefined
  sensitive: boolean
  /** True where the tool must be given the fact itself: it hands the value on and is no source of it. */
  handsOn: boolean
}

/** Who gives which fact and who establishes it, each list by tool id. */
export interface FactIndex {
  sources: ReadonlyMap<string, readonly Source[]>
  establishers: ReadonlyMap<string, readonly Tool[]>
}

const indexes = new WeakMap<Catalogue['tools'], FactIndex>()

/** The index of a catalogue, built once. Deletes are in it, so that an explanation can name them; no plan uses one. */
export function factIndex(tools: Catalogue['tools']): FactIndex {
  const known = indexes.get(tools)
  if (known) return known
  const sources = new Map<string, Source[]>()
  const establishers = new Map<string, Tool[]>()
  for (const tool of [...tools.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    for (const fact of tool.establishes) listIn(establishers, fact).push(tool)
    const taken = new Set(requiredFields(tool.input).map((field) => inputFact(tool, field)))
    for (const [pointer, fact] of Object.entries(tool.marks.output.facts)) {
      // An item of an array has no one pointer, so nothing can refer to it.
      if (parsePointer(pointer).includes('*')) continue
      const sensitive = tool.marks.output.sensitive.some(
        (above) => pointer === above || pointer.startsWith(`${above}/`),
      )
      const schema = schemaAt(tool.output, pointer)
      listIn(sources, fact).push({ tool, pointer, schema, sensitive, handsOn: taken.has(fact) })
    }
  }
  const index = { sources, establishers }
  indexes.set(tools, index)
  return index
}

/** The names of the properties that an object schema requires. */
export function requiredFields(schema: JsonObject): string[] {
  return Array.isArray(schema.required) ? schema.required.map(String) : []
}

/** The schema of the value at a pointer, as far as `properties` lead there. */
function schemaAt(schema: Json | undefined, pointer: string): Json | undefined {
  let node = schema
  for (const token of parsePointer(pointer)) {
    node = isJsonObject(node) && isJsonObject(node.properties) ? node.properties[token] : undefined
  }
  return node
}

function listIn<Item>(lists: Map<string, Item[]>, key: string): Item[] {
  const list = lists.get(key)
  if (list) return list
  const created: Item[] = []
  lists.set(key, created)
  return created
}
