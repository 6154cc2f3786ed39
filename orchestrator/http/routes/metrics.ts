import { Hono } from 'hono'
import { z } from 'zod'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { Metrics } from '../metrics.ts'

/** What Prometheus reads. */
export function metricRoutes({ registry }: Metrics): RouteModule {
  const routes = new Hono<HttpEnv>()
  routes.get(
    '/metrics',
    describe({
      summary: 'Metrics of this process, for Prometheus',
      tag: 'Health',
      answers: { 200: { description: 'In the text format of Prometheus.', schema: z.string(), media: 'text/plain' } },
    }),
    allow('metrics:read'),
    async (context) => context.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }),
  )
  return { access: 'key', routes }
}
