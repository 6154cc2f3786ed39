import type { EmulatorState } from './state.ts'

/** The account's time: the machine's, moved on as far as somebody asked. Like Stripe's test clocks, it never goes back. */
export interface Clock {
  /** Seconds since 1970. */
  now(): number
  /** Moves to a later instant. Throws `RangeError` on an earlier one, and on more than two years at a time. */
  moveTo(instant: number): void
}

const twoYears = 2 * 366 * 86_400

/** The clock that the account's own file keeps; `machine` gives the seconds since 1970 that it starts from. */
export function openClock(state: EmulatorState['clock'], machine: () => number): Clock {
  const now = (): number => machine() + state.ahead_s
  return {
    now,
    moveTo(instant) {
      const step = instant - now()
      if (step < 0) throw new RangeError(`the clock stands at ${now()} and never goes back`)
      if (step > twoYears) throw new RangeError(`the clock moves by ${twoYears} seconds (two years) at a time`)
      state.ahead_s += step
    },
  }
}
