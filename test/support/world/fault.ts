/**
 * What can go wrong with one call. `lost` is a reply that never comes although the vendor did (after), did not (before),
 * or does it later (late) what was asked; `hung` is a reply that is waited for until the deadline. `unsatisfied` does the
 * thing badly, `half` breaks off in the middle and says what is there.
 */
export const faults = [
  'refused',
  'declined',
  'unavailable',
  'rate_limited',
  'lost_before',
  'lost_after',
  'lost_late',
  'hung',
  'slow',
  'unsatisfied',
  'half',
] as const
export type Fault = (typeof faults)[number]

/** Milliseconds after a call was sent; undefined: never. */
export interface Course {
  performed: number | undefined
  answered: number
}

/** How long a call takes where nothing is wrong. */
const usual = 10

/** When a call is performed and when its reply, whatever it is, comes. A vendor performs nothing after the deadline. */
export function courseOf(fault: Fault | undefined, timeToDeadline: number): Course {
  const shortly = Math.min(usual, timeToDeadline)
  const later = Math.max(shortly, Math.floor(timeToDeadline * 0.9))
  switch (fault) {
    case 'unavailable':
    case 'rate_limited':
    case 'lost_before':
      return { performed: undefined, answered: shortly }
    case 'lost_late':
      return { performed: later, answered: shortly }
    case 'hung':
      return { performed: shortly, answered: timeToDeadline }
    case 'slow':
      return { performed: later, answered: later }
    default:
      return { performed: shortly, answered: shortly }
  }
}

/** Whether nobody can tell from the reply what happened. */
export function isLost(fault: Fault | undefined): boolean {
  return fault === 'lost_before' || fault === 'lost_after' || fault === 'lost_late' || fault === 'hung'
}

/** The faults of each tool, by full name: those of its calls in turn, then for ever the last one if `always`. */
export type FaultPlan = Record<string, { calls: readonly (Fault | undefined)[]; always?: boolean }>

/** The fault of a tool's nth call, the first being 0. */
export function faultOf(plan: FaultPlan, tool: string, nth: number): Fault | undefined {
  const planned = plan[tool]
  if (!planned) return undefined
  return planned.calls[nth] ?? (planned.always ? planned.calls.at(-1) : undefined)
}
