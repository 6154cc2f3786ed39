import { Bell } from '../run/bell.ts'
import { dueFirings, nextFiring } from './schedule.ts'
import { type Intake, takeDelivery } from './take-delivery.ts'
import type { Schedule, Trigger } from './trigger.ts'

/** A trigger that goes by the clock. */
export type ScheduledTrigger = Trigger & { on: { schedule: Schedule } }

export interface SchedulerParts {
  intake: Intake
  /** The latest instant of a schedule that was taken care of, and those whose run was promised and is not there. */
  firings(trigger: string): Promise<{ last: Date; unrecorded: Date[] }>
  now(): Date
  onTrouble(error: unknown): void
}

/** How often schedules are looked at where none is due: whoever promised a run may be gone. */
const longestRestMs = 30_000

/** After trouble, and so that an instant that this clock just misses is not looked for in a circle. */
const shortestRestMs = 250

/** Makes runs of what is due, once, however many workers do so. */
export async function fireDue(trigger: ScheduledTrigger, { intake, firings, now }: SchedulerParts): Promise<void> {
  const { last, unrecorded } = await firings(trigger.trigger)
  const due = dueFirings(trigger.on.schedule, { last, now: now() })
  for (const at of [...unrecorded, ...due]) {
    const instant = at.toISOString()
    const payload = { scheduled_at: instant, trigger: trigger.trigger }
    const taken = await takeDelivery(trigger, { id: instant, payload, due_at: at }, intake)
    if ('refused' in taken) throw new ScheduleError(trigger.trigger, taken.refused, taken.issues)
  }
}

/** A schedule whose input its goal does not take. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError'
  constructor(trigger: string, refused: string, issues: readonly { path: string; message: string }[]) {
    const faults = issues.map(({ path, message }) => `${path} ${message}`).join('; ')
    super(`The schedule of ${trigger} started nothing: ${refused}${faults === '' ? '' : ` (${faults})`}`)
  }
}

/** Looks after schedules until it is closed. */
export function startScheduler(
  triggers: readonly ScheduledTrigger[],
  parts: SchedulerParts,
): { close(): Promise<void> } {
  const stop = new AbortController()
  const told = new Map<string, string>()
  const look = async (trigger: ScheduledTrigger): Promise<void> => {
    try {
      await fireDue(trigger, parts)
      told.delete(trigger.trigger)
    } catch (error) {
      if (told.get(trigger.trigger) !== String(error)) parts.onTrouble(error)
      told.set(trigger.trigger, String(error))
    }
  }
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await Promise.all(triggers.map(look))
      const now = parts.now()
      const next = triggers.flatMap((trigger) => nextFiring(trigger.on.schedule, now)?.getTime() ?? [])
      const restMs = Math.min(longestRestMs, ...next.map((at) => at - now.getTime()))
      await new Bell().heard(Math.max(shortestRestMs, restMs), stop.signal)
    }
  }
  const working = triggers.length === 0 ? Promise.resolve() : work()
  return {
    async close() {
      stop.abort()
      await working
    },
  }
}
