import type { MiddlewareHandler } from 'hono'
import { type DescribeRouteOptions, describeRoute, resolver } from 'hono-openapi'
import type { z } from 'zod'
import { type ProblemKind, problemKinds, problemSchema } from './problem.ts'

/** What a route answers when all went well. */
interface Answer {
  description: string
  /** Absent where there is no body. */
  schema?: z.ZodType
  /** `application/json` unless said. */
  media?: string
  /** What it answers to who asks for another media type. */
  others?: Record<string, z.ZodType>
  headers?: Record<string, { description: string }>
}

interface Description {
  summary: string
  description?: string
  tag: string
  answers: Record<number, Answer>
  /** What can be wrong, besides what can be with every request. */
  problems?: readonly ProblemKind[]
  /** False for what needs no key. */
  keyed?: boolean
}

/** Schemas as what leaves meets them. */
const output = { options: { io: 'output' } }

const ofEveryKeyedRequest: readonly ProblemKind[] = ['unauthorized', 'denied', 'misdirected', 'rate_limited']
const ofEveryRequest: readonly ProblemKind[] = ['internal', 'unavailable', 'timed_out']

/** Describes a route for the OpenAPI document: what it answers, and every problem with which it may. */
export function describe({
  summary,
  description,
  tag,
  answers,
  problems = [],
  keyed = true,
}: Description): MiddlewareHandler {
  const kinds = keyed ? [...ofEveryKeyedRequest, ...problems, ...ofEveryRequest] : problems
  const spec: DescribeRouteOptions = {
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    responses: { ...answerSpecs(answers), ...problemSpecs(kinds) },
    ...(keyed ? {} : { security: [] }),
  }
  return describeRoute(spec)
}

function answerSpecs(answers: Record<number, Answer>): NonNullable<DescribeRouteOptions['responses']> {
  return mapValues(answers, ({ description, schema, media = 'application/json', others = {}, headers }) => ({
    description,
    ...(schema
      ? { content: mapValues({ [media]: schema, ...others }, (one) => ({ schema: resolver(one, output) })) }
      : {}),
    ...(headers ? { headers: mapValues(headers, (one) => ({ ...one, schema: { type: 'string' as const } })) } : {}),
  }))
}

function problemSpecs(kinds: readonly ProblemKind[]): NonNullable<DescribeRouteOptions['responses']> {
  const byStatus = Map.groupBy(new Set(kinds), (kind) => problemKinds[kind].status)
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((kind) => `\`${kind}\`: ${problemKinds[kind].title}`).join('; '),
        content: { 'application/problem+json': { schema: resolver(problemSchema, output) } },
      },
    ]),
  )
}

function mapValues<Value, Mapped>(of: Record<string, Value>, map: (value: Value) => Mapped): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value)]))
}
