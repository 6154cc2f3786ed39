import { Hono } from 'hono'
import { z } from 'zod'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import { findRun } from '../find-run.ts'
import type { HttpContext, HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import { runParams } from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { eventStream } from '../stream/event-stream.ts'
import type { RunFollowers } from '../stream/run-followers.ts'
import { headers, params, query } from '../validate.ts'

const eventSchema = z
  .object({
    run_id: z.string(),
    seq: z.int(),
    type: z.string(),
    v: z.int(),
    at: z.string(),
    data: z.unknown().describe('What happened; sealed values show as `[sealed]`, large ones as `{"$blob", "size"}`.'),
  })
  .meta({ id: 'Event' })

const eventListSchema = z
  .object({
    events: z.array(eventSchema),
    next: z.int().optional().describe('What `after` is on the next page, where there is one.'),
  })
  .meta({ id: 'EventList' })

const eventQuery = z.object({
  after: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe('Only events after this place.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
})

const eventHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of an event of this stream: a whole number')
    .optional()
    .describe('With `Accept: text/event-stream`: the last event that was seen.'),
})

export interface EventRoutesOptions {
  followers: RunFollowers
  keepAliveMs: number
  /** How many streams one key may have open at once. */
  mostStreams: number
  /** Aborted when the server stops. */
  stopping: AbortSignal
}

/** The record of one run: a page of it, or all of it as it grows. */
export function eventRoutes(service: Service, options: EventRoutesOptions): RouteModule {
  const routes = new Hono<HttpEnv>()
  const streams = new Map<string, number>()

  const stream = async (context: HttpContext, runId: string, seen: number): Promise<Response> => {
    const type = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }
    // Nobody would read it, nor ever close it.
    if (context.req.method === 'HEAD') return context.body(null, 200, type)
    const { id, tenant } = context.get('caller')
    const giveBack = takePlace(streams, id, options.mostStreams)
    const feed = await options.followers.follow(tenant, runId, seen).catch((error: unknown) => {
      giveBack()
      throw error
    })
    const close = () => {
      feed?.close()
      giveBack()
    }
    if (feed && !feed.isOver()) {
      const events = eventStream(
        { ...feed, close },
        {
          signal: options.stopping,
          keepAliveMs: options.keepAliveMs,
          isStillAllowed: context.get('isStillAllowed'),
        },
      )
      return context.body(events, 200, type)
    }
    close()
    if (!feed) throw new ProblemError('invalid_input', `The run has no event ${seen}`)
    // To a browser that comes back after the end, this says that there is nothing to come back for.
    return context.body(null, 204)
  }

  routes.get(
    '/v1/runs/:id/events',
    describe({
      summary: 'Read the record of a run, or follow it',
      description:
        'With `Accept: text/event-stream` the events come as they are recorded: the id of each is its place, and who comes back with `Last-Event-ID` goes on after it. The stream ends when the run does; who comes back after that gets 204.',
      tag: 'Runs',
      answers: {
        200: {
          description: 'Events, in order.',
          schema: eventListSchema,
          others: {
            'text/event-stream': z.string().describe('Each event with its place as `id` and itself as `data`.'),
          },
        },
        204: { description: 'To `Accept: text/event-stream`: the run has ended, and all of it was seen.' },
      },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('runs:read'),
    params(runParams),
    query(eventQuery),
    headers(eventHeaders),
    async (context) => {
      const { tenant } = context.get('caller')
      const { after, limit } = context.req.valid('query')
      const { run_id } = await findRun(service, tenant, context.req.valid('param').id)
      if (accepts(context, 'text/event-stream'))
        return stream(context, run_id, Number(context.req.valid('header')['last-event-id'] ?? after))
      const events = await service.readEvents(tenant, run_id, { after, limit })
      const last = events.at(-1)
      return context.json({ events, ...(events.length === limit && last ? { next: last.seq } : {}) })
    },
  )

  return { access: 'key', routes }
}

/** Takes one of the places that a caller has for streams; what it returns gives that back, once. */
function takePlace(streams: Map<string, number>, callerId: string, most: number): () => void {
  const open = streams.get(callerId) ?? 0
  if (open >= most) throw new ProblemError('rate_limited', `This key has ${most} streams open: close some`)
  streams.set(callerId, open + 1)
  let isTaken = true
  return () => {
    if (!isTaken) return
    isTaken = false
    const left = (streams.get(callerId) ?? 1) - 1
    if (left > 0) streams.set(callerId, left)
    else streams.delete(callerId)
  }
}

function accepts({ req }: HttpContext, type: string): boolean {
  return (req.header('Accept') ?? '').toLowerCase().includes(type)
}
