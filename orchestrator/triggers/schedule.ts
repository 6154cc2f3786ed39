import { Cron } from 'croner'
import type { Schedule } from './trigger.ts'

/** How late a firing may be and still be on time: nobody was away, a worker was only busy. */
const onTimeMs = 60_000

/** What is wrong with a schedule, or nothing. */
export function faultOfSchedule(schedule: Pick<Schedule, 'cron' | 'timezone'>): string | undefined {
  try {
    return nextFiring(schedule, new Date(0)) ? undefined : `${schedule.cron} never comes`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The first instant of a schedule after another, or nothing where there is none. */
export function nextFiring(schedule: Pick<Schedule, 'cron' | 'timezone'>, after: Date): Date | undefined {
  return cronOf(schedule).nextRun(after) ?? undefined
}

/**
 * The instants that are due by now, in order: those after `last`, the latest that somebody took care of. What is late is
 * caught up with as the schedule says.
 */
export function dueFirings(schedule: Schedule, { last, now }: { last: Date; now: Date }): Date[] {
  const most = schedule.catch_up === 'all' ? schedule.most : 1
  // The instant that is now counts as past.
  const past = cronOf(schedule).previousRuns(most, new Date(now.getTime() + 1))
  const missed = past.filter((at) => at.getTime() > last.getTime() && at.getTime() <= now.getTime())
  const due = schedule.catch_up === 'none' ? missed.filter((at) => now.getTime() - at.getTime() <= onTimeMs) : missed
  return due.toSorted((a, b) => a.getTime() - b.getTime())
}

function cronOf({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): Cron {
  return new Cron(cron, { timezone, paused: true, mode: '5-or-6-parts' })
}
