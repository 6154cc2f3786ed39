import { Hono } from 'hono'
import { z } from 'zod'

/** The bad days that an emulator can rehearse: one at a time, and none outlives its process. */
export interface Faults<Mode extends string = string> {
  /** Every name that can be armed. */
  modes: readonly Mode[]
  /** Puts a fault in force in place of the one before; null clears it. */
  arm(mode: Mode | null): void
  armed(): Mode | null
  /** True when the fault strikes now; each time counts, so that a fault ends by itself where it is meant to. */
  take(mode: Mode): boolean
}

/** Faults by name, each with how often it strikes before it is over: `Infinity` until it is cleared. */
export function openFaults<Mode extends string>(strikes: Readonly<Record<Mode, number>>): Faults<Mode> {
  let current: { mode: Mode; left: number } | null = null
  return {
    modes: Object.keys(strikes) as Mode[],
    arm(mode) {
      current = mode === null ? null : { mode, left: strikes[mode] }
    },
    armed: () => current?.mode ?? null,
    take(mode) {
      if (current?.mode !== mode) return false
      current.left -= 1
      if (current.left === 0) current = null
      return true
    },
  }
}

/** The control route of every emulator: `GET /faults`, and `POST /faults {"mode": …}` to arm one, or null to clear it. */
export function faultRoutes<Mode extends string>(faults: Faults<Mode>): Hono {
  const request = z.strictObject({ mode: z.enum(faults.modes).nullable() })
  return new Hono()
    .get('/faults', (c) => c.json({ mode: faults.armed() }))
    .post('/faults', async (c) => {
      const parsed = request.safeParse(await c.req.json().catch(() => undefined))
      if (!parsed.success) return c.json({ error: `send {"mode": one of ${faults.modes.join(', ')}, or null}` }, 400)
      faults.arm(parsed.data.mode)
      return c.json({ mode: faults.armed() })
    })
}
