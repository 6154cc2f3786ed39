import { Hono } from 'hono'
import { z } from 'zod'
import type { Store } from '../../../shared/capability/emulator.ts'
import { type Faults, faultModeSchema } from './faults.ts'
import type { EmulatorState } from './state.ts'

const armSchema = z.strictObject({ mode: faultModeSchema.nullable() })

/** The rehearsal's own routes, never Stripe's: what exists, and which fault is in force. */
export function controlApp({ state }: Store<EmulatorState>, faults: Faults): Hono {
  return new Hono()
    .get('/state', (c) => c.body(JSON.stringify(state.objects), 200, { 'Content-Type': 'application/json' }))
    .get('/faults', (c) => c.json({ mode: faults.mode }))
    .post('/faults', async (c) => {
      const parsed = armSchema.safeParse(await c.req.json().catch(() => undefined))
      if (!parsed.success) {
        return c.json({ error: `mode must be one of ${faultModeSchema.options.join(', ')}, or null` }, 400)
      }
      faults.arm(parsed.data.mode)
      return c.json({ mode: faults.mode })
    })
}
