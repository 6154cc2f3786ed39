import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'

/**
 * Whether a value that `source` describes may stand where `target` is asked for, as far as type, enum and structure tell.
 * What a schema leaves open counts as fitting: the runtime checks the value when it is there.
 */
export function fitsSchema(source: Json | undefined, target: Json | undefined): boolean {
  if (!isJsonObject(source) || !isJsonObject(target)) return target !== false
  if (typeof source.$ref === 'string' || typeof target.$ref === 'string') return true
  const given = branches(source)
  if (given) return given.some((branch) => fitsSchema(branch, target))
  const accepted = branches(target)
  if (accepted) return accepted.some((branch) => fitsSchema(source, branch))
  const values = valuesOf(source)
  if (values) return values.some((value) => fitsValue(value, target))
  return fitsTypes(source, target) && fitsParts(source, target)
}

/** Whether a value may stand where `target` is asked for, by the same measure. */
export function fitsValue(value: Json, target: Json | undefined): boolean {
  if (!isJsonObject(target)) return target !== false
  const accepted = branches(target)
  if (accepted) return accepted.some((branch) => fitsValue(value, branch))
  const values = valuesOf(target)
  if (values) return values.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value))
  const types = typesOf(target)
  return !types || accepts(types, typeOf(value))
}

function branches(schema: JsonObject): Json[] | undefined {
  if (Array.isArray(schema.anyOf)) return schema.anyOf
  return Array.isArray(schema.oneOf) ? schema.oneOf : undefined
}

function valuesOf(schema: JsonObject): Json[] | undefined {
  if (schema.const !== undefined) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}

function typesOf(schema: JsonObject): Set<string> | undefined {
  if (typeof schema.type === 'string') return new Set([schema.type])
  if (Array.isArray(schema.type)) return new Set(schema.type.map(String))
  const values = valuesOf(schema)
  return values && new Set(values.map(typeOf))
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function accepts(types: ReadonlySet<string>, type: string): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'))
}

function fitsTypes(source: JsonObject, target: JsonObject): boolean {
  const given = typesOf(source)
  const accepted = typesOf(target)
  return !given || !accepted || [...given].some((type) => accepts(accepted, type))
}

function fitsParts(source: JsonObject, target: JsonObject): boolean {
  if (!fitsSchema(source.items, target.items)) return false
  const { properties } = source
  if (!isJsonObject(properties) || !isJsonObject(target.properties)) return true
  const required = Array.isArray(target.required) ? target.required.map(String) : []
  if (required.some((name) => properties[name] === undefined)) return false
  return Object.entries(target.properties).every(([name, part]) => fitsSchema(properties[name], part))
}
