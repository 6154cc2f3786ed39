import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Issue } from './failure.ts'
import type { JsonObject } from './json.ts'
import { formatPointer } from './json-pointer.ts'

/**
 * Says what is wrong with a value, by path; nothing when it is right. Messages never hold the value itself. What stands at
 * or below the `unknown` pointers is not judged: a value that is not there yet, or that may not be looked at.
 */
export type Validate = (value: unknown, unknown?: readonly string[]) => Issue[]

const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false })
formats.default(ajv)

const compiled = new WeakMap<JsonObject, Validate>()

/** The validator of a JSON Schema (2020-12), compiled once for each schema object. Throws on a schema that is not one. */
export function compileSchema(schema: JsonObject): Validate {
  const known = compiled.get(schema)
  if (known) return known
  // Schemas of other drafts name a dialect that is not loaded; the keywords in use mean the same.
  const { $schema: _, ...plain } = schema
  const check = ajv.compile(plain)
  const validate: Validate = (value, unknown = []) =>
    check(value) ? [] : issuesOf(judged(check.errors ?? [], unknown))
  compiled.set(schema, validate)
  return validate
}

/** Keywords whose failure may be the fault of a value below. */
const combining = new Set(['anyOf', 'oneOf', 'not', 'if', 'contains'])

function judged(errors: ErrorObject[], unknown: readonly string[]): ErrorObject[] {
  if (unknown.length === 0) return errors
  const below = (path: string, pointer: string) => path === pointer || path.startsWith(`${pointer}/`)
  const undecided = errors.filter(
    ({ keyword, instancePath }) => combining.has(keyword) && unknown.some((pointer) => below(pointer, instancePath)),
  )
  return errors.filter(
    (error) =>
      !unknown.some((pointer) => below(error.instancePath, pointer)) &&
      !undecided.some((other) => below(error.schemaPath, other.schemaPath)),
  )
}

function issuesOf(errors: ErrorObject[]): Issue[] {
  const issues = new Map<string, Issue>()
  for (const error of errors) {
    const issue = issueOf(error)
    issues.set(`${issue.path}\n${issue.message}`, issue)
  }
  return [...issues.values()]
}

function issueOf({ keyword, instancePath, params, message }: ErrorObject): Issue {
  const at = (name: unknown) => instancePath + formatPointer([String(name)])
  switch (keyword) {
    case 'required':
      return { path: at(params.missingProperty), message: 'is required' }
    case 'additionalProperties':
      return { path: at(params.additionalProperty), message: 'is not expected here' }
    case 'unevaluatedProperties':
      return { path: at(params.unevaluatedProperty), message: 'is not expected here' }
    case 'enum':
      return { path: instancePath, message: `must be one of ${JSON.stringify(params.allowedValues)}` }
    case 'const':
      return { path: instancePath, message: `must be ${JSON.stringify(params.allowedValue)}` }
    default:
      return { path: instancePath, message: message ?? `breaks ${keyword}` }
  }
}
