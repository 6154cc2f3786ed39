import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'

/** A JSON Schema with the document that its `$ref`s point into. `true` and `{}` say nothing and fit everything. */
export interface SchemaIn {
  schema: Json
  root: JsonObject
}

/** How deep schemas are compared; below that everything is taken to fit, and checked when the value is there. */
const deepest = 12

/** The part of a schema that describes the value at these tokens, or undefined where the schema allows no such value. */
export function schemaAt({ schema, root }: SchemaIn, tokens: readonly string[]): SchemaIn | undefined {
  const here = dereference(schema, root)
  const [token, ...rest] = tokens
  if (token === undefined || here === true) return { schema: here, root }
  if (!isJsonObject(here)) return undefined
  const options = alternatives(here)
  if (options) {
    const found = options.flatMap((option) => schemaAt({ schema: option, root }, tokens) ?? [])
    if (found.length < 2) return found[0]
    return { schema: { anyOf: found.map((one) => one.schema) }, root }
  }
  const next = childOf(here, token)
  return next === undefined || next === false ? undefined : schemaAt({ schema: next, root }, rest)
}

function childOf(schema: JsonObject, token: string): Json | undefined {
  const types = typesOf(schema)
  const isIndex = /^(0|[1-9]\d*)$/.test(token)
  if (isIndex && types.has('array')) {
    const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems[Number(token)] : undefined
    const item = prefix ?? schema.items
    if (item !== undefined || !types.has('object')) return item ?? true
  }
  if (!types.has('object')) return undefined
  const { properties, additionalProperties, patternProperties } = schema
  if (isJsonObject(properties) && Object.hasOwn(properties, token)) return properties[token]
  return patternProperties !== undefined ? true : (additionalProperties ?? true)
}

/** Why no value of the producer's schema can be one of the consumer's, or undefined where some may: then the value itself decides. */
export function misfit(producer: SchemaIn, consumer: SchemaIn, depth = 0): string | undefined {
  if (depth > deepest) return undefined
  const from = dereference(producer.schema, producer.root)
  const to = dereference(consumer.schema, consumer.root)
  if (from === false || to === false) return 'no value is allowed'
  if (!isJsonObject(from) || !isJsonObject(to)) return undefined

  const produced = alternatives(from)
  if (produced)
    return firstFit(produced, (option) => misfit({ schema: option, root: producer.root }, consumer, depth + 1))
  const consumed = alternatives(to)
  if (consumed)
    return firstFit(consumed, (option) => misfit(producer, { schema: option, root: consumer.root }, depth + 1))

  const common = [...typesOf(from)].filter(
    (type) => typesOf(to).has(type) || (type === 'integer' && typesOf(to).has('number')),
  )
  if (common.length === 0) return `it is ${list(typesOf(from))} and ${list(typesOf(to))} is needed`
  const values = valuesOf(from)
  const wanted = valuesOf(to)
  if (
    values &&
    wanted &&
    !values.some((value) => wanted.some((want) => JSON.stringify(want) === JSON.stringify(value)))
  ) {
    return `it is one of ${JSON.stringify(values)} and one of ${JSON.stringify(wanted)} is needed`
  }
  if (common.length === 1 && common[0] === 'object') return objectMisfit({ from, producer, to, consumer, depth })
  return undefined
}

interface ObjectPair {
  from: JsonObject
  producer: SchemaIn
  to: JsonObject
  consumer: SchemaIn
  depth: number
}

function objectMisfit({ from, producer, to, consumer, depth }: ObjectPair): string | undefined {
  const wanted = isJsonObject(to.properties) ? to.properties : {}
  for (const name of stringsOf(to.required)) {
    const has = childOf(from, name)
    if (has === undefined || has === false) return `it has no "${name}", which is needed`
    const wants = wanted[name]
    if (wants === undefined) continue
    const fault = misfit({ schema: has, root: producer.root }, { schema: wants, root: consumer.root }, depth + 1)
    if (fault) return `its "${name}" does not fit: ${fault}`
  }
  const unexpected = stringsOf(from.required).find((name) => childOf(to, name) === false)
  return unexpected === undefined ? undefined : `it has "${unexpected}", which is not expected`
}

/** The options of `anyOf` or `oneOf`, each with the keywords that stand beside it ignored. */
function alternatives(schema: JsonObject): Json[] | undefined {
  if (Array.isArray(schema.anyOf)) return schema.anyOf
  return Array.isArray(schema.oneOf) ? schema.oneOf : undefined
}

function firstFit(options: Json[], fault: (option: Json) => string | undefined): string | undefined {
  const faults = options.map(fault)
  return faults.includes(undefined) ? undefined : faults.find((reason) => reason !== undefined)
}

const everyType = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object']

function typesOf(schema: JsonObject): Set<string> {
  if (typeof schema.type === 'string') return new Set([schema.type])
  if (Array.isArray(schema.type)) return new Set(stringsOf(schema.type))
  const values = valuesOf(schema)
  return new Set(values ? values.map(typeOf) : everyType)
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function valuesOf(schema: JsonObject): Json[] | undefined {
  if (schema.const !== undefined) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}

function dereference(schema: Json, root: JsonObject): Json {
  let here = schema
  for (let hops = 0; hops < deepest; hops += 1) {
    if (!isJsonObject(here) || typeof here.$ref !== 'string') return here
    const name = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(here.$ref)?.[1]
    const definitions = isJsonObject(root.$defs) ? root.$defs : root.definitions
    here = (name !== undefined && isJsonObject(definitions) ? definitions[name] : undefined) ?? true
  }
  return true
}

function stringsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function list(types: Set<string>): string {
  return [...types].join(' or ')
}
