import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Store } from '../../../shared/capability/emulator.ts'
import { openClock } from './clock.ts'
import { controlApp } from './control.ts'
import { customerRoutes } from './customers.ts'
import { eventRoutes } from './events.ts'
import { expand } from './expand.ts'
import { openBillingFaults, refuseWhenAway } from './faults.ts'
import { decodeForm, type Form } from './form.ts'
import { IdempotencyKeys, requestDigest } from './idempotency.ts'
import { invoiceRoutes } from './invoices.ts'
import { type Permissions, permissionsOf, requirePermission } from './keys.ts'
import { parseParams } from './params.ts'
import { passTime } from './passing-time.ts'
import { paymentMethodRoutes } from './payment-methods.ts'
import { priceRoutes } from './prices.ts'
import { productRoutes } from './products.ts'
import type { Route } from './route.ts'
import type { EmulatorState } from './state.ts'
import { StripeRejection, unknownError, unsupported } from './stripe-rejection.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { webhookEndpointRoutes } from './webhook-endpoints.ts'
import type { Webhooks } from './webhooks.ts'
import { type Account, apiVersion, newId, openWorld, type World } from './world.ts'

const routes: Route[] = [
  ...customerRoutes,
  ...paymentMethodRoutes,
  ...productRoutes,
  ...priceRoutes,
  ...subscriptionRoutes,
  ...invoiceRoutes,
  ...eventRoutes,
  ...webhookEndpointRoutes,
]

export interface AppOptions {
  /** The machine's time in seconds since 1970, from which the account's clock starts. */
  machine: () => number
  /** How long a change takes; only with some time can two requests with one key meet. */
  latencyMs: number
  /** How long the change takes whose connection is lost under way (the fault `busy`). */
  busyMs: number
}

type Env = { Bindings: HttpBindings; Variables: { requestId: string; permissions: Permissions | 'all' } }
type Reply = { status: number; body: unknown; replayed?: boolean }

/** The emulator's HTTP surface: Stripe's routes under `/v1`, ours under `/_remit`. */
export function stripeApp(
  store: Store<EmulatorState>,
  webhooks: Webhooks,
  { machine, latencyMs, busyMs }: AppOptions,
): Hono<Env> {
  const { state } = store
  const faults = openBillingFaults()
  const clock = openClock(state.clock, machine)
  const account: Account = { state, faults, onEvent: webhooks.send }
  const keys = new IdempotencyKeys(state.replies, clock.now)
  const app = new Hono<Env>()
  const nobody = { requestId: null, idempotencyKey: null }
  const catchUp = (): void => {
    const [since, now] = [state.clock.passed_to, clock.now()]
    const worldAt = (at: number): World => openWorld(account, () => at, nobody)
    const happened = passTime(Object.values(state.objects.subscriptions), since, now, worldAt)
    // A machine whose own clock is put back does not live through the same time twice.
    state.clock.passed_to = Math.max(since, now)
    if (happened > 0) store.save()
  }
  const world = () => openWorld(account, clock.now, nobody)
  app.route('/_remit', controlApp({ store, faults, clock, passTime: catchUp, world }))
  app.use('/*', async (c, next) => {
    c.set('requestId', newId('req'))
    c.header('Request-Id', c.var.requestId)
    c.header('Stripe-Version', apiVersion)
    c.set('permissions', permissionsOf(c.req.header('Authorization'), state))
    refuseWhenAway(faults)
    if (c.req.header('Stripe-Account') !== undefined) throw unsupported('acting for a connected account')
    catchUp()
    await next()
  })

  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      requirePermission(c.var.permissions, route)
      const form = decodeForm([new URL(c.req.url).search.slice(1), await c.req.text()].filter(Boolean).join('&'))
      const reply = route.method === 'POST' ? await change(c, route, form) : answer(c, route, form)
      if (route.method !== 'GET') store.save()
      if (route.method !== 'GET' && reply.status === 200 && faults.take('lost')) c.env.incoming.socket.destroy()
      if (c.env.incoming.socket.destroyed) return RESPONSE_ALREADY_SENT
      return send(c, reply)
    })
  }
  app.notFound((c) => send(c, replyOf(unsupported(`${c.req.method} ${c.req.path}`))))
  app.onError((error, c) => send(c, failureReply(error)))
  return app

  function answer(c: Context<Env>, route: Route, form: Form): Reply {
    const params = parseParams(route.params, form)
    const id = c.req.param('id') ?? ''
    const idempotencyKey = c.req.header('Idempotency-Key') ?? null
    const world = openWorld(account, clock.now, { requestId: c.var.requestId, idempotencyKey })
    const paths = 'expand' in params ? (params.expand as string[] | undefined) : undefined
    return { status: 200, body: expand(world, route.answer(world, params, id), paths) }
  }

  /** A change under its idempotency key, if it has one. */
  async function change(c: Context<Env>, route: Route, form: Form): Promise<Reply> {
    const key = c.req.header('Idempotency-Key')
    if (key === undefined) return carryOut(c, route, form)
    c.header('Idempotency-Key', key)
    const request = requestDigest(route.method, c.req.path, form)
    const kept = keys.begin(key, request)
    if (kept) return { status: kept.status, body: kept.body, replayed: true }
    if (faults.take('busy')) {
      c.env.incoming.socket.destroy()
      await sleep(busyMs)
    } else await sleep(latencyMs)
    const reply = carryOut(c, route, form)
    keys.end(key, request, reply)
    return reply
  }

  /** A change, or on a bad day an error of Stripe's own: before it happened, or after. */
  function carryOut(c: Context<Env>, route: Route, form: Form): Reply {
    if (faults.take('stalled')) return replyOf(unknownError())
    const reply = attempt(() => answer(c, route, form))
    return reply.status === 200 && faults.take('crash') ? replyOf(unknownError()) : reply
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
  return replyOf(unknownError())
}

function replyOf({ status, body }: StripeRejection): Reply {
  return { status, body: { error: body } }
}

function send(c: Context, { status, body, replayed }: Reply): Response {
  const headers = {
    'Content-Type': 'application/json',
    ...(replayed && { 'Idempotent-Replayed': 'true' }),
    ...(status === 429 && { 'Retry-After': '1' }),
  }
  return c.body(JSON.stringify(body, null, 2), status as 200, headers)
}
