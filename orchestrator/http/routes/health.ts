import { Hono } from 'hono'
import { z } from 'zod'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { Service } from '../service.ts'

const tag = 'Health'

const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'unavailable', 'draining']),
    postgres: z.enum(['ok', 'away']),
    queue: z.enum(['ok', 'away']),
    servers: z.object({ up: z.int(), down: z.int() }).describe('Those that were needed so far.'),
  })
  .meta({ id: 'Readiness' })

/** For whoever looks after the process; the only routes that need no key, and so they say no more than they must. */
export function healthRoutes(service: Service, draining: AbortSignal): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/healthz',
    describe({
      summary: 'Is the process alive?',
      tag,
      keyed: false,
      answers: { 200: { description: 'It is.', schema: healthSchema } },
    }),
    (context) => context.json({ status: 'ok' as const }),
  )

  routes.get(
    '/readyz',
    describe({
      summary: 'Can it take requests?',
      description:
        'A server that is down makes it `degraded`: others can still be called, and its calls say why they fail.',
      tag,
      keyed: false,
      answers: {
        200: { description: 'It can.', schema: readinessSchema },
        503: { description: 'It cannot: Postgres is away, or it is stopping.', schema: readinessSchema },
      },
    }),
    async (context) => {
      const record = await service.countDue().then(
        () => 'ok' as const,
        () => 'away' as const,
      )
      const down = service
        .servers()
        .filter(({ state, circuit }) => state === 'backing_off' || circuit === 'open').length
      const servers = { up: service.servers().filter(({ state }) => state === 'up').length, down }
      const status = draining.aborted ? 'draining' : record === 'away' ? 'unavailable' : down > 0 ? 'degraded' : 'ready'
      const ready = status === 'ready' || status === 'degraded'
      return context.json({ status, postgres: record, queue: record, servers }, ready ? 200 : 503)
    },
  )

  return { access: 'open', routes }
}
