import { createMiddleware } from 'hono/factory'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { HttpEnv } from './http-env.ts'
import type { Service } from './service.ts'
import type { RunFollowers } from './stream/run-followers.ts'

/** What Prometheus reads of this process. Labels are few and known: no id, principal or tenant is one. */
export function openMetrics(service: Service, followers: RunFollowers) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: 'remit_http_request_duration_seconds',
    help: 'Until the answer began, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const events = new Counter({
    name: 'remit_events_total',
    help: 'Events that the runs pursued in this process have grown by, by type.',
    labelNames: ['type'],
    registers,
  })
  new Gauge({
    name: 'remit_runs_due',
    help: 'Runs that are due and that nobody holds; absent while Postgres is away.',
    registers,
    async collect() {
      this.reset()
      const due = await service.countDue().catch(() => undefined)
      if (due !== undefined) this.set(due)
    },
  })
  new Gauge({
    name: 'remit_event_listeners',
    help: 'Open event streams.',
    registers,
    collect() {
      this.set(followers.counts.listeners)
    },
  })
  new Gauge({
    name: 'remit_followed_runs',
    help: 'Runs that somebody listens to.',
    registers,
    collect() {
      this.set(followers.counts.runs)
    },
  })
  new Gauge({
    name: 'remit_server_up',
    help: '1 where a capability server that was needed is up and its circuit closed, else 0.',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset()
      for (const { server, state, circuit } of service.servers())
        this.set({ server }, state === 'up' && circuit === 'closed' ? 1 : 0)
    },
  })

  return {
    registry,
    /** A run that is pursued here has grown. */
    countEvent: (type: string) => events.inc({ type }),
    /** Times every request by the route that it met. */
    measure: createMiddleware<HttpEnv>(async (context, next) => {
      const begun = performance.now()
      await next()
      const route = context.req.routePath === '/*' ? 'none' : context.req.routePath
      const status = String(context.res.status)
      requests.observe({ method: context.req.method, route, status }, (performance.now() - begun) / 1_000)
    }),
  }
}

export type Metrics = ReturnType<typeof openMetrics>
