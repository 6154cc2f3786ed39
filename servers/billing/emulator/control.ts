import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { faultRoutes, type Store } from '../../../shared/capability/emulator.ts'
import type { Clock } from './clock.ts'
import type { BillingFaults } from './faults.ts'
import { permissionsSchema } from './keys.ts'
import type { EmulatorState } from './state.ts'
import { StripeRejection } from './stripe-rejection.ts'
import { addEndpoint } from './webhook-endpoints.ts'
import { newId, type World } from './world.ts'

const clockSchema = z.union([z.strictObject({ now: z.int().min(0) }), z.strictObject({ advance_s: z.int().min(0) })])
const keySchema = z.strictObject({ permissions: permissionsSchema })
const webhookSchema = z.strictObject({ url: z.url(), events: z.array(z.string()).min(1).default(['*']) })

/** What the control routes work on. */
export interface Controlled {
  store: Store<EmulatorState>
  faults: BillingFaults
  clock: Clock
  /** Carries out what has come due. */
  passTime(): void
  /** The account, outside any request of Stripe's. */
  world(): World
}

/** The rehearsal's own routes, never Stripe's: what exists, which fault is in force, what time it is, keys and webhooks. */
export function controlApp({ store, faults, clock, passTime, world }: Controlled): Hono {
  return new Hono()
    .get('/state', (c) => c.body(JSON.stringify(store.state.objects), 200, { 'Content-Type': 'application/json' }))
    .route('/', faultRoutes(faults))
    .get('/clock', (c) => c.json({ now: clock.now() }))
    .post('/clock', async (c) => {
      const asked = await bodyOf(c, clockSchema)
      if (!asked) return c.json({ error: 'send {"now": seconds since 1970} or {"advance_s": seconds}' }, 400)
      try {
        clock.moveTo('now' in asked ? asked.now : clock.now() + asked.advance_s)
      } catch (error) {
        if (error instanceof RangeError) return c.json({ error: error.message }, 400)
        throw error
      }
      passTime()
      store.save()
      return c.json({ now: clock.now() })
    })
    .post('/keys', async (c) => {
      const asked = await bodyOf(c, keySchema)
      if (!asked) {
        const known = Object.keys(permissionsSchema.def.keyType.enum).join(', ')
        return c.json({ error: `send {"permissions": {one of ${known}: "read" or "write"}}` }, 400)
      }
      const key = newId('rk_test')
      store.state.restricted_keys[key] = asked.permissions
      store.save()
      return c.json({ key })
    })
    .post('/webhooks', async (c) => {
      const asked = await bodyOf(c, webhookSchema)
      if (!asked)
        return c.json({ error: 'send {"url": …, "events": ["invoice.paid", …]}; all events unless said' }, 400)
      try {
        const { id, secret } = addEndpoint(world(), { url: asked.url, enabled_events: asked.events })
        store.save()
        return c.json({ id, secret })
      } catch (error) {
        if (error instanceof StripeRejection) return c.json({ error: error.message }, 400)
        throw error
      }
    })
}

async function bodyOf<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema> | undefined> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined))
  return parsed.success ? parsed.data : undefined
}
