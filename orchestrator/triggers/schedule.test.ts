import { describe, expect, test } from 'vitest'
import { dueFirings, faultOfSchedule, nextFiring } from './schedule.ts'
import type { Schedule } from './trigger.ts'

const hourly: Schedule = { cron: '0 * * * *', timezone: 'UTC', catch_up: 'none', most: 3 }
const at = (text: string) => new Date(`2026-05-01T${text}Z`)
const due = (more: Partial<Schedule>, last: string, now: string) =>
  dueFirings({ ...hourly, ...more }, { last: at(last), now: at(now) }).map((one) => one.toISOString().slice(11, 19))

describe('a schedule', () => {
  test('is due at its instant, once', () => {
    expect(due({}, '08:00:00', '08:59:59.999')).toEqual([])
    expect(due({}, '08:00:00', '09:00:00')).toEqual(['09:00:00'])
    expect(due({}, '09:00:00', '09:00:00.500')).toEqual([])
  })

  test.each<[Schedule['catch_up'], string[]]>([
    ['none', []],
    ['last', ['14:00:00']],
    ['all', ['12:00:00', '13:00:00', '14:00:00']],
  ])('that missed six instants catches up with %s, at most so many as it says', (catch_up, expected) => {
    expect(due({ catch_up }, '08:00:00', '14:30:00')).toEqual(expected)
  })

  test('is not late for being a little late', () => {
    expect(due({}, '08:00:00', '09:00:45')).toEqual(['09:00:00'])
  })

  test('goes by the clock of its zone, also over the change of it', () => {
    const two = { cron: '30 2 * * *', timezone: 'Europe/Berlin' }
    expect(nextFiring(two, new Date('2026-03-27T12:00:00Z'))?.toISOString()).toBe('2026-03-28T01:30:00.000Z')
    expect(nextFiring(two, new Date('2026-03-29T12:00:00Z'))?.toISOString()).toBe('2026-03-30T00:30:00.000Z')
    // The hour that comes twice comes once.
    const autumn = dueFirings(
      { ...hourly, ...two, catch_up: 'all', most: 10 },
      { last: new Date('2026-10-24T12:00:00Z'), now: new Date('2026-10-25T12:00:00Z') },
    )
    expect(autumn).toHaveLength(1)
  })

  test.each([
    [{ cron: '99 * * * *' }, 'minute'],
    [{ timezone: 'Mars/Olympus' }, 'Mars/Olympus'],
    [{ cron: '0 0 30 2 *' }, 'never comes'],
  ])('that is none says why: %j', (more, why) => {
    expect(faultOfSchedule({ ...hourly, ...more })).toContain(why)
  })
})
