import { Hono } from 'hono'
import { z } from 'zod'

/** The bad days that an emulator can rehearse: one at a time, and none outlives its process. */
export interface Faults<Mode extends string = string> {
  /** Every name that can be armed. */
  modes: readonly Mode[]
  /** Puts a fault in force in place of the one before. */
  arm(mode: Mode, by?: string): void
  clear(): void
  /** The fault in force, and for whom it was armed. */
  armed(): { mode: Mode; by?: string | undefined } | undefined
  /** True when the fault strikes now; each time counts, so that a fault ends by itself where it is meant to. */
  take(mode: Mode): boolean
}

/** Faults by name, each with how often it strikes before it is over: `Infinity` until it is cleared. */
export function openFaults<Mode extends string>(strikes: Readonly<Record<Mode, number>>): Faults<Mode> {
  let current: { mode: Mode; by: string | undefined; left: number } | undefined
  return {
    modes: Object.keys(strikes) as Mode[],
    arm(mode, by) {
      current = { mode, by, left: strikes[mode] }
    },
    clear() {
      current = undefined
    },
    armed: () => current && { mode: current.mode, by: current.by },
    take(mode) {
      if (current?.mode !== mode) return false
      current.left -= 1
      if (current.left === 0) current = undefined
      return true
    },
  }
}

/**
 * The control route of every emulator. `GET /faults` shows the fault in force. `POST /faults {"mode": …}` arms one, or
 * clears it with null. With `"by": …` it is somebody's own: another's fault is then neither replaced (409) nor cleared.
 */
export function faultRoutes<Mode extends string>(faults: Faults<Mode>): Hono {
  const request = z.strictObject({ mode: z.enum(faults.modes).nullable(), by: z.string().min(1).max(200).optional() })
  const inForce = (): { mode: Mode | null; by?: string | undefined } => faults.armed() ?? { mode: null }
  return new Hono()
    .get('/faults', (c) => c.json(inForce()))
    .post('/faults', async (c) => {
      const parsed = request.safeParse(await c.req.json().catch(() => undefined))
      if (!parsed.success) return c.json({ error: `send {"mode": one of ${faults.modes.join(', ')}, or null}` }, 400)
      const { mode, by } = parsed.data
      const foreign = by !== undefined && faults.armed() !== undefined && faults.armed()?.by !== by
      if (foreign && mode !== null) return c.json(inForce(), 409)
      if (mode !== null) faults.arm(mode, by)
      else if (!foreign) faults.clear()
      return c.json(inForce())
    })
}
