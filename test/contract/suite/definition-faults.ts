import { parse } from '@marcbachmann/cel-js'
import type { AnyServer } from '../../../shared/capability/define-server.ts'
import type { AnyTool, BoundCall } from '../../../shared/capability/define-tool.ts'
import { describeSchema } from '../../../shared/capability/describe-schema.ts'
import { argumentsSchemaOf } from '../../../shared/capability/manifest-of.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { parsePointer } from '../../../shared/json-pointer.ts'

/** Text that tells a model what to do does not belong in a description: descriptions say what a tool is for. */
const orders =
  /\byou (must|should|have to|need to)\b|\b(always|never|do not) (call|use|tell|mention)\b|\bignore (all|any|previous)\b|\bas an? (ai|assistant|model)\b|\bsystem prompt\b/i

/** What of the kit's contract a server's definition breaks, one sentence each; empty for a good one. */
export function definitionFaults(server: AnyServer): string[] {
  const names = server.tools.map(({ name }) => name)
  return [
    ...environmentFaults(server),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name}: defined twice`),
    ...(['title', 'version', 'description', 'instructions'] as const)
      .filter((field) => server[field].trim() === '')
      .map((field) => `the server has no ${field}`),
    ...server.tools.flatMap((tool) => toolFaults(server, tool).map((fault) => `${tool.name}: ${fault}`)),
  ]
}

function environmentFaults({ environment, endpoints = {}, credentials = {}, settings = {} }: AnyServer): string[] {
  const declared = new Set([...Object.keys(endpoints), ...Object.keys(credentials)])
  const required = Object.entries(environment.shape).filter(([, type]) => !type.safeParse(undefined).success)
  return [
    ...[...declared, ...Object.keys(settings)]
      .filter((variable) => !(variable in environment.shape))
      .map((variable) => `${variable} is declared but the environment does not read it`),
    ...Object.keys(settings)
      .filter((variable) => required.some(([name]) => name === variable))
      .map((variable) => `${variable} is a setting and required: a setting has a default`),
    ...Object.entries(credentials)
      .filter(
        ([variable, slot]) =>
          slot.delivery === 'egress' && environment.shape[variable]?.safeParse(slot.placeholder).success === false,
      )
      .map(([variable]) => `${variable} has a placeholder that the environment does not take`),
    ...required
      .filter(([variable]) => !declared.has(variable) && !(variable in settings))
      .map(
        ([variable]) => `${variable} is required but is neither an endpoint nor a credential, so nobody can supply it`,
      ),
  ]
}

function toolFaults(server: AnyServer, tool: AnyTool<unknown>): string[] {
  const faults: string[] = []
  const need = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault)
  }
  const { effect, idempotency, compensation, lookup } = tool
  need(/^[a-z]+(_[a-z0-9]+)+$/.test(tool.name) && tool.name.length <= 64, 'the name must be <verb>_<noun>, at most 64')
  need(tool.title.trim() !== '', 'has no title')
  need(tool.description.trim() !== '', 'has no description')
  need(!orders.test(tool.description), 'the description gives orders to the model')
  need(effect === 'read' || idempotency !== undefined, `a ${effect} must declare its idempotency`)
  need(effect !== 'read' || (idempotency ?? 'natural') === 'natural', 'a read is natural')
  need(effect !== 'read' || compensation === undefined, 'a read has nothing to compensate')
  need(
    effect !== 'create' || compensation !== undefined || lookup !== undefined || idempotency === 'none',
    'a create that cannot be undone needs a lookup, or idempotency none',
  )
  const scopes = tool.scopes ?? []
  need(effect === 'read' || scopes.length > 0, `a ${effect} must say which scope of an account it needs`)
  for (const scope of scopes) need(/^[a-z_]+:[a-z_]+$/.test(scope), `the scope ${scope} must be <things>:<action>`)
  for (const fact of tool.establishes ?? []) {
    need(fact.startsWith(`${server.name}.`), `establishes ${fact}, which is not in its own namespace`)
  }
  if (tool.expect !== undefined) need(parses(tool.expect), `expect is not CEL: ${tool.expect}`)
  if (compensation) faults.push(...boundCallFaults(server, tool, 'compensation', compensation))
  if (lookup) faults.push(...boundCallFaults(server, tool, 'lookup', lookup))
  return faults
}

function boundCallFaults(server: AnyServer, tool: AnyTool<unknown>, role: string, bound: BoundCall): string[] {
  const target = server.tools.find(({ name }) => name === bound.tool)
  if (target === undefined) return [`${role} names ${bound.tool}, which does not exist`]
  const faults: string[] = []
  if (role === 'lookup' && target.effect !== 'read') faults.push(`lookup names ${bound.tool}, which is no read`)
  if (role === 'compensation' && target.effect === 'read') faults.push(`compensation names ${bound.tool}, a read`)

  const fields = argumentsSchemaOf(target).shape
  const { schema } = describeSchema(argumentsSchemaOf(target), 'input')
  for (const [name, type] of Object.entries(fields)) {
    const given = name in bound.arguments
    if (!given && !type.safeParse(undefined).success) faults.push(`${role} leaves out ${bound.tool}'s argument ${name}`)
  }
  for (const [name, value] of Object.entries(bound.arguments)) {
    const field = fields[name]
    const reference = isJsonObject(value) && typeof value.$ref === 'string' ? value.$ref : undefined
    if (field === undefined) faults.push(`${role} gives ${bound.tool} the unknown argument ${name}`)
    else if (reference === undefined && !field.safeParse(value).success) faults.push(`${role}: ${name} does not fit`)
    else if (reference !== undefined) faults.push(...referenceFaults(tool, role, reference, schemaAt(schema, [name])))
  }
  return faults
}

function referenceFaults(tool: AnyTool<unknown>, role: string, reference: string, wanted?: JsonObject): string[] {
  const [source = '', ...rest] = parsePointer(reference)
  const documents: Record<string, JsonObject> = {
    output: describeSchema(tool.output, 'output').schema,
    arguments: describeSchema(argumentsSchemaOf(tool), 'input').schema,
  }
  const document = documents[source]
  const found = document && rest.length > 0 ? schemaAt(document, rest) : undefined
  if (found === undefined) return [`${role}: ${reference} points at nothing`]
  const [from, to] = [found.type, wanted?.type]
  const clash =
    typeof from === 'string' && typeof to === 'string' && from !== to && !(from === 'integer' && to === 'number')
  return clash ? [`${role}: ${reference} is of type ${from}, wanted is ${to}`] : []
}

function schemaAt(schema: JsonObject, tokens: string[]): JsonObject | undefined {
  let node: Json | undefined = schema
  for (const token of tokens) {
    if (!isJsonObject(node)) return undefined
    node = isJsonObject(node.properties) ? node.properties[token] : node.items
  }
  return isJsonObject(node) ? node : undefined
}

function parses(expression: string): boolean {
  try {
    parse(expression)
    return true
  } catch {
    return false
  }
}
