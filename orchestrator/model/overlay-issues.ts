import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, parsePointer } from '../../shared/json-pointer.ts'
import type { ServerManifest, ToolManifest } from '../../shared/manifest.ts'
import { referencesIn } from './reference.ts'

type Path = (string | number)[]

/** What of a tool does not fit its schemas, its server's other tools or its namespace, by paths such as `/tools/write_file/lookup/tool`. */
export function overlayIssues(server: ServerManifest, tool: ToolManifest): Issue[] {
  const { name, effect, idempotency, compensation, lookup } = tool
  const issues: Issue[] = []
  const note = (path: Path, message: string): void => {
    issues.push({ path: formatPointer(['tools', name, ...path]), message })
  }
  const own = (fact: string, path: Path): void => {
    if (!fact.startsWith(`${server.name}.`))
      note(path, `${fact} is not in the namespace of the server: it must begin with ${server.name}.`)
  }
  for (const [index, fact] of tool.establishes.entries()) own(fact, ['establishes', index])
  for (const [pointer, fact] of Object.entries(tool.marks.output.facts)) own(fact, ['output', 'facts', pointer])
  for (const side of ['input', 'output'] as const) {
    const { facts, sensitive, destinations } = tool.marks[side]
    const places: [string, Path][] = [
      ...Object.keys(facts).map((pointer): [string, Path] => [pointer, [side, 'facts', pointer]]),
      ...sensitive.map((pointer, index): [string, Path] => [pointer, [side, 'sensitive', index]]),
      ...destinations.map((pointer, index): [string, Path] => [pointer, [side, 'destinations', index]]),
    ]
    for (const [pointer, path] of places)
      if (!leadsSomewhere(tool[side], pointer)) note(path, `${pointer} leads nowhere in the ${side} of ${name}`)
  }
  if (effect === 'read' && idempotency !== 'natural') note(['idempotency'], 'a read can be repeated: it is natural')
  if (effect === 'read' && compensation) note(['compensation'], 'a read leaves nothing to undo')
  for (const [role, bound] of [
    ['compensation', compensation],
    ['lookup', lookup],
  ] as const) {
    if (!bound) continue
    const target = server.tools.find((other) => other.name === bound.tool)
    if (!target) {
      note([role, 'tool'], `${server.name} has no tool ${bound.tool}`)
      continue
    }
    if (role === 'lookup' && target.effect !== 'read') note([role, 'tool'], `${bound.tool} is no read`)
    if (role === 'compensation' && target.effect === 'read')
      note([role, 'tool'], `${bound.tool} is a read: it undoes nothing`)
    for (const [path, message] of argumentIssues(tool, target, bound.arguments))
      note([role, 'arguments', ...path], message)
  }
  return issues
}

/** What the tool of a compensation or lookup would not take, and what points to nothing in the call that it belongs to. */
function argumentIssues(tool: ToolManifest, target: ToolManifest, given: JsonObject): [Path, string][] {
  const { properties, required, additionalProperties } = target.input
  const known = isJsonObject(properties) ? Object.keys(properties) : []
  const isOpen = additionalProperties !== false && known.length === 0
  const missing = (Array.isArray(required) ? required.map(String) : []).filter((field) => !Object.hasOwn(given, field))
  const unknown = Object.keys(given).filter((field) => !isOpen && !known.includes(field))
  const lost = referencesIn(given).filter(({ ref }) => !pointsIntoCall(tool, ref))
  return [
    ...missing.map((field): [Path, string] => [[field], `${target.name} needs it`]),
    ...unknown.map((field): [Path, string] => [[field], `${target.name} does not take it`]),
    ...lost.map(({ path, ref }): [Path, string] => [
      parsePointer(path),
      `${ref} leads nowhere: it must begin with /arguments/ or /output, and lead into what ${tool.name} takes or returns`,
    ]),
  ]
}

function pointsIntoCall(tool: ToolManifest, ref: string): boolean {
  if (ref !== '' && !ref.startsWith('/')) return false
  const [source, ...rest] = parsePointer(ref)
  if (source === 'arguments') return rest.length > 0 && leadsSomewhere(tool.input, formatPointer(rest))
  return source === 'output' && leadsSomewhere(tool.output, formatPointer(rest))
}

/** False only where the schema shows that nothing can be there. */
function leadsSomewhere(schema: Json | undefined, pointer: string): boolean {
  if (pointer !== '' && !pointer.startsWith('/')) return false
  let node = schema
  for (const token of parsePointer(pointer)) {
    if (!isJsonObject(node)) return true
    if (token === '*' || /^\d+$/.test(token)) node = isJsonObject(node.items) ? node.items : undefined
    else if (!isJsonObject(node.properties)) return node.type === undefined || node.type === 'object'
    else if (!Object.hasOwn(node.properties, token)) return isJsonObject(node.additionalProperties)
    else node = node.properties[token]
  }
  return true
}
