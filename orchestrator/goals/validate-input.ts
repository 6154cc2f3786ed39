import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt, parsePointer } from '../../shared/json-pointer.ts'
import { nearestName } from '../../shared/nearest-name.ts'
import type { Goal } from '../model/goal.ts'
import { inputProperties } from '../model/input-facts.ts'

/** The input with the defaults of its schema filled in, or every fault of it by JSON pointer. */
export type InputValidation = { ok: true; input: JsonObject } | { ok: false; issues: Issue[] }

/**
 * Checks an input against its goal's schema. Messages say what would be right and show what was found, except where the
 * schema calls a value sensitive. Throws where the schema itself is none (`parseGoal` refuses such a goal).
 */
export function validateInput(goal: Pick<Goal, 'input'>, input: Json): InputValidation {
  const filled = structuredClone(input)
  const check = checkOf(goal.input)
  const isRight = check(filled)
  if (isRight && isJsonObject(filled)) return { ok: true, input: filled }
  if (isRight) return { ok: false, issues: [{ path: '', message: `must be an object${found(input, false)}` }] }
  const secret = inputProperties(goal.input).flatMap(({ pointer, sensitive }) => (sensitive ? [pointer] : []))
  const issues = new Map<string, Issue>()
  for (const error of decisive(check.errors ?? [])) {
    const issue = issueOf(error, goal.input, input, secret)
    if (!issues.has(issue.path)) issues.set(issue.path, issue)
  }
  return { ok: false, issues: [...issues.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) }
}

/** To compile a schema takes milliseconds, and whoever starts many runs of a goal brings the same one each time. */
const checks = new WeakMap<JsonObject, ValidateFunction>()

function checkOf(schema: JsonObject): ValidateFunction {
  const known = checks.get(schema)
  if (known) return known
  const check = inputCompiler().compile(schema)
  checks.set(schema, check)
  return check
}

/** A compiler of input schemas: JSON Schema 2020-12 plus the keywords `fact` and `sensitive`; misspelt keywords throw. */
export function inputCompiler(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    useDefaults: true,
    verbose: true,
  })
  formats.default(ajv)
  ajv.addKeyword({ keyword: 'fact', schemaType: 'string' })
  ajv.addKeyword({ keyword: 'sensitive', schemaType: 'boolean' })
  ajv.addKeyword({ keyword: 'input_of', schemaType: 'string' })
  return ajv
}

/** Leaves out the errors that only repeat that a condition around other errors failed. */
function decisive(errors: ErrorObject[]): ErrorObject[] {
  return errors.length > 1 ? errors.filter(({ keyword }) => keyword !== 'if') : errors
}

function issueOf(error: ErrorObject, schema: JsonObject, input: Json, secret: readonly string[]): Issue {
  const { keyword, instancePath, params, message = `breaks ${keyword}` } = error
  const at = (name: unknown) => instancePath + formatPointer([String(name)])
  const got = found(error.data, isSecret(instancePath, secret))
  switch (keyword) {
    case 'required': {
      const description = descriptionAt(error.parentSchema, params.missingProperty)
      return { path: at(params.missingProperty), message: `is required${description}` }
    }
    case 'additionalProperties': {
      const name = String(params.additionalProperty)
      const known = Object.keys(propertiesOf(error.parentSchema))
      const given = Object.keys(asObject(getAt(input, instancePath)))
      return { path: at(name), message: `is not known here${suggestion(name, known, given)}` }
    }
    case 'enum':
      return { path: instancePath, message: `must be one of ${params.allowedValues.join(', ')}${got}` }
    case 'const':
      return { path: instancePath, message: `must be ${JSON.stringify(params.allowedValue)}${got}` }
    case 'minimum':
      return { path: instancePath, message: `must be at least ${params.limit}${got}${reasonOf(error)}` }
    case 'maximum':
      return { path: instancePath, message: `must be at most ${params.limit}${got}${reasonOf(error)}` }
    case 'minLength':
      return { path: instancePath, message: `must have at least ${params.limit} characters${got}` }
    case 'maxLength':
      return { path: instancePath, message: `must have at most ${params.limit} characters${got}` }
    case 'type':
      return { path: instancePath, message: `must be ${article(String(params.type))}${got}` }
    case 'format':
    case 'pattern': {
      const what = keyword === 'format' ? `must be a valid ${params.format}` : `must match ${params.pattern}`
      return { path: instancePath, message: `${what}${got}${hint(descriptionOf(schema, instancePath))}` }
    }
    default:
      return { path: instancePath, message: `${message}${got}` }
  }
}

/** What was found, short enough to read. */
function found(value: unknown, isSensitive: boolean): string {
  if (isSensitive || value === undefined) return ''
  const text =
    typeof value === 'object' && value !== null
      ? Array.isArray(value)
        ? 'a list'
        : 'an object'
      : JSON.stringify(value)
  return ` (got ${text.length > 60 ? `${text.slice(0, 59)}…` : text})`
}

function isSecret(pointer: string, secret: readonly string[]): boolean {
  return secret.some((above) => pointer === above || pointer.startsWith(`${above}/`) || above.startsWith(`${pointer}/`))
}

function suggestion(name: string, known: readonly string[], given: readonly string[]): string {
  const near = nearestName(name, known)
  if (near === undefined) return `: known are ${known.join(', ')}`
  return given.includes(near) ? `; ${near} is there already` : `; did you mean ${near}?`
}

/** The description that a condition gives its limit; the property's own would not explain it. */
function reasonOf({ schemaPath, parentSchema }: ErrorObject): string {
  const { description } = asObject(parentSchema)
  return !schemaPath.startsWith('#/properties/') && typeof description === 'string' ? hint(description) : ''
}

function descriptionAt(schema: unknown, property: string): string {
  const described = asObject(propertiesOf(schema)[property]).description
  return hint(typeof described === 'string' ? described : undefined)
}

function descriptionOf(schema: JsonObject, pointer: string): string | undefined {
  let node: JsonObject = schema
  for (const token of parsePointer(pointer)) node = asObject(propertiesOf(node)[token] ?? node.items)
  return typeof node.description === 'string' ? node.description : undefined
}

function hint(description: string | undefined): string {
  return description === undefined ? '' : `: ${description.replace(/\.$/, '')}`
}

function propertiesOf(schema: unknown): JsonObject {
  return asObject(asObject(schema).properties)
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`
}
