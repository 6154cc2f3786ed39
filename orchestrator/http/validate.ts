import type { MiddlewareHandler } from 'hono'
import { validator } from 'hono-openapi'
import type { z } from 'zod'
import type { Issue } from '../../shared/failure.ts'
import { isDeeper, mostDepth } from '../../shared/json-depth.ts'
import { formatPointer } from '../../shared/json-pointer.ts'
import { ProblemError } from './problem.ts'

/** The JSON body of a request, as the schema has it; a request without a body has an empty one. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return validator('json', schema, refuse('The body is not valid'))
}

/** The query of a request. */
export function query<Schema extends z.ZodType>(schema: Schema) {
  return validator('query', schema, refuse('The query is not valid'))
}

/** The parameters in the path. */
export function params<Schema extends z.ZodType>(schema: Schema) {
  return validator('param', schema, refuse('The path is not valid'))
}

/** The headers, whose names are in lower case. */
export function headers<Schema extends z.ZodType>(schema: Schema) {
  return validator('header', schema, refuse('The headers are not valid'))
}

/** Refuses a body that is not JSON, or that no person wrote. Stands before {@link body}. */
export const readableJson: MiddlewareHandler = async (context, next) => {
  const text = await context.req.text()
  if (text !== '') {
    const type = context.req.header('Content-Type') ?? ''
    if (!/^application\/json(;.*)?$/i.test(type))
      throw new ProblemError('unsupported_media_type', 'Send the body as application/json')
    if (isDeeper(parse(text))) throw new ProblemError('malformed', `The body is nested deeper than ${mostDepth} levels`)
  }
  await next()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser's own words name the place, and may quote a few characters of the body to whoever sent it.
    throw new ProblemError('malformed', `The body is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
}

interface SchemaIssue {
  message: string
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined
}

function refuse(what: string) {
  return (result: { success: true } | { success: false; error: readonly SchemaIssue[] }) => {
    if (result.success) return
    throw new ProblemError('invalid_input', what, { issues: result.error.map(toIssue) })
  }
}

function toIssue({ message, path = [] }: SchemaIssue): Issue {
  const tokens = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return { path: formatPointer(tokens), message }
}
