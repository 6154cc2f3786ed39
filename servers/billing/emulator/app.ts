import { timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Store } from '../../../shared/capability/emulator.ts'
import { catalogueRoutes } from './catalogue.ts'
import { controlApp } from './control.ts'
import { customerRoutes } from './customers.ts'
import { eventRoutes } from './events.ts'
import { expand } from './expand.ts'
import { Faults } from './faults.ts'
import { decodeForm, type Form } from './form.ts'
import { IdempotencyKeys, requestDigest } from './idempotency.ts'
import { invoiceRoutes } from './invoices.ts'
import { parseParams } from './params.ts'
import { paymentMethodRoutes } from './payment-methods.ts'
import type { Route } from './route.ts'
import type { EmulatorState } from './state.ts'
import { StripeRejection, unsupported } from './stripe-rejection.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { newId, openWorld } from './world.ts'

const routes: Route[] = [
  ...customerRoutes,
  ...paymentMethodRoutes,
  ...catalogueRoutes,
  ...subscriptionRoutes,
  ...invoiceRoutes,
  ...eventRoutes,
]

export interface AppOptions {
  /** Seconds since 1970. */
  now: () => number
  /** How long a change takes; only with some time can two requests with one key meet. */
  latencyMs: number
}

type Env = { Bindings: HttpBindings; Variables: { requestId: string } }
type Reply = { status: number; body: unknown; replayed?: boolean }

/** The emulator's HTTP surface: Stripe's routes under `/v1`, ours under `/_remit`. */
export function stripeApp(store: Store<EmulatorState>, { now, latencyMs }: AppOptions): Hono<Env> {
  const faults = new Faults()
  const keys = new IdempotencyKeys(store.state.replies, now)
  const app = new Hono<Env>()
  app.route('/_remit', controlApp(store, faults))
  app.use('/*', async (c, next) => {
    c.set('requestId', newId('req'))
    c.header('Request-Id', c.var.requestId)
    authorize(c, store.state.api_key)
    faults.refuseWhenAway()
    await next()
  })

  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      const form = decodeForm([new URL(c.req.url).search.slice(1), await c.req.text()].filter(Boolean).join('&'))
      const reply = route.method === 'POST' ? await change(c, route, form) : answer(c, route, form)
      if (route.method !== 'GET') store.save()
      if (route.method === 'POST' && reply.status === 200 && faults.takeLostReply()) {
        c.env.incoming.socket.destroy()
        return RESPONSE_ALREADY_SENT
      }
      return send(c, reply)
    })
  }
  app.notFound((c) => send(c, replyOf(unsupported(`${c.req.method} ${c.req.path}`))))
  app.onError((error, c) => {
    return send(c, failureReply(error))
  })
  return app

  function answer(c: Context<Env>, route: Route, form: Form): Reply {
    const params = parseParams(route.params, form)
    const id = c.req.param('id') ?? ''
    const idempotencyKey = c.req.header('Idempotency-Key') ?? null
    const world = openWorld(store, faults, now, { id: c.var.requestId, idempotencyKey })
    const paths = 'expand' in params ? (params.expand as string[] | undefined) : undefined
    return { status: 200, body: expand(world, route.answer(world, params, id), paths) }
  }

  /** A change under its idempotency key, if it has one. */
  async function change(c: Context<Env>, route: Route, form: Form): Promise<Reply> {
    const key = c.req.header('Idempotency-Key')
    if (key === undefined) return answer(c, route, form)
    const request = requestDigest(route.method, c.req.path, form)
    const kept = keys.begin(key, request)
    if (kept) return { status: kept.status, body: kept.body, replayed: true }
    await sleep(latencyMs)
    const reply = attempt(() => answer(c, route, form))
    keys.end(key, request, reply)
    return reply
  }
}

function attempt(work: () => Reply): Reply {
  try {
    return work()
  } catch (error) {
    return failureReply(error)
  }
}

function failureReply(error: unknown): Reply {
  if (error instanceof StripeRejection) return replyOf(error)
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  return { status: 500, body: { error: { type: 'api_error', message: 'An unknown error occurred.' } } }
}

function replyOf({ status, body }: StripeRejection): Reply {
  return { status, body: { error: body } }
}

function send(c: Context, { status, body, replayed }: Reply): Response {
  const headers = { 'Content-Type': 'application/json', ...(replayed && { 'Idempotent-Replayed': 'true' }) }
  return c.body(JSON.stringify(body, null, 2), status as 200, headers)
}

function authorize(c: Context, apiKey: string): void {
  const given = /^Bearer (.+)$/.exec(c.req.header('Authorization') ?? '')?.[1]
  if (given !== undefined && given.length === apiKey.length && timingSafeEqual(Buffer.from(given), Buffer.from(apiKey)))
    return
  const message = given === undefined ? 'You did not provide an API key.' : 'Invalid API Key provided.'
  throw new StripeRejection(401, { type: 'invalid_request_error', message })
}
