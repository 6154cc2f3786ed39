import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import { timeout } from 'hono/timeout'
import { authentication } from './authentication.ts'
import { asProblem, problemResponse } from './error-response.ts'
import { guardHost } from './guard-host.ts'
import type { HttpContext, HttpEnv, RouteModule } from './http-env.ts'
import { limitBody } from './limit-body.ts'
import { type Metrics, openMetrics } from './metrics.ts'
import { type OpenApi, openApiOf } from './openapi.ts'
import { ProblemError } from './problem.ts'
import { openRateLimiter, type RateLimiter, rateLimit } from './rate-limit.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { eventRoutes } from './routes/events.ts'
import { goalRoutes } from './routes/goals.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricRoutes } from './routes/metrics.ts'
import { proofRoutes } from './routes/proof.ts'
import { referenceRoutes } from './routes/reference.ts'
import { runRoutes } from './routes/runs.ts'
import { steeringRoutes } from './routes/steering.ts'
import type { Authenticate, Service } from './service.ts'
import { RunFollowers } from './stream/run-followers.ts'

export interface AppOptions {
  service: Service
  authenticate: Authenticate
  /** Names, beside those of loopback, by which the server may be asked. */
  hosts?: readonly string[]
  /** Routes of others, beside the application's own. */
  modules?: readonly RouteModule[]
  /** What counts requests, where routes of others count by it, too. */
  limiter?: RateLimiter
  /** Aborted when the server begins to stop. */
  stopping: AbortSignal
  /** Told of what nobody foresaw, with the id of the request. */
  onTrouble(error: unknown, requestId: string): void
  limits?: Partial<AppLimits>
}

export interface AppLimits {
  /** Bytes of a body. */
  bodyBytes: number
  /** Until an answer has to have begun. */
  requestMs: number
  /** After so long without an event, a stream says that it is still there. */
  keepAliveMs: number
  /** Event streams that one key may have open at once. */
  streams: number
}

const usualLimits: AppLimits = { bodyBytes: 1024 * 1024, requestMs: 30_000, keepAliveMs: 15_000, streams: 1_000 }

export interface App {
  app: Hono<HttpEnv>
  metrics: Metrics
  openApi(): Promise<OpenApi>
}

/** The application: what each request passes on its way, in this order, and the routes. */
export function createApp({
  service,
  authenticate,
  hosts = [],
  modules = [],
  limiter = openRateLimiter(() => performance.now()),
  stopping,
  onTrouble,
  limits,
}: AppOptions): App {
  const { bodyBytes, requestMs, keepAliveMs, streams } = { ...usualLimits, ...limits }
  const followers = new RunFollowers(service)
  const metrics = openMetrics(service, followers)
  const app = new Hono<HttpEnv>()
  let document: Promise<OpenApi> | undefined
  const openApi = () => {
    document ??= openApiOf(app)
    return document
  }

  app.onError((error, context) => {
    const problem = asProblem(error)
    if (problem.kind === 'internal') onTrouble(error, context.get('requestId'))
    return problemResponse(context, problem)
  })
  app.notFound((context) => problemResponse(context, missing(app, context)))

  app.use(requestId({ limitLength: 64 }), metrics.measure, async (context, next) => {
    await next()
    context.header('X-Content-Type-Options', 'nosniff')
    context.header('Cache-Control', 'no-store')
  })
  const mount = (mounted: readonly RouteModule[]) => {
    for (const { routes } of mounted) app.route('/', routes)
  }
  // Whoever looks after the process asks by whatever name they know it.
  mount([healthRoutes(service, stopping)])
  app.use(guardHost(hosts))
  app.use(limitBody(bodyBytes))
  const open = modules.filter(({ access }) => access === 'open')
  mount(open.filter(({ patient }) => patient))
  app.use(timeout(requestMs, new HTTPException(504, { message: 'It took too long; it may still take effect' })))
  mount(open.filter(({ patient }) => !patient))
  app.use(authentication(authenticate))
  app.use(rateLimit(limiter))
  mount([
    runRoutes(service),
    eventRoutes(service, { followers, keepAliveMs, mostStreams: streams, stopping }),
    steeringRoutes(service),
    approvalRoutes(service),
    catalogueRoutes(service),
    goalRoutes(service),
    keyRoutes(service),
    proofRoutes(service),
    metricRoutes(metrics),
    referenceRoutes(openApi),
    ...modules.filter(({ access }) => access === 'key'),
  ])
  return { app, metrics, openApi }
}

/** Says of a path that is there for other methods which those are. */
function missing(app: Hono<HttpEnv>, { req }: HttpContext): ProblemError {
  const methods = app.routes.flatMap(({ method, path }) =>
    method !== 'ALL' && method !== req.method && patternOf(path).test(req.path) ? [method] : [],
  )
  if (methods.length === 0) return new ProblemError('not_found', 'There is no such route; /openapi.json lists them')
  const allowed = [...new Set(methods)].join(', ')
  return new ProblemError('method_not_allowed', `Only ${allowed} is possible here`, { headers: { Allow: allowed } })
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[a-z_]+/gi, '[^/]+')}$`)
}
