import type { Failure } from '../../shared/failure.ts'
import type { CallPurpose } from '../model/call.ts'
import type { Situation } from '../model/situation.ts'

/** What a run may still spend. */
export interface Remaining {
  tool_calls: number
  /** The undo's own reserve. */
  compensation_calls: number
  /** How many more plans may be accepted. */
  revisions: number
  /** How many more calls may be in flight at once. */
  concurrency: number
  /** RFC 3339: when the run's time is over. */
  until: string
}

/** The budget of the goal less what the record shows as reserved. What is reserved stays spent, however the call ended. */
export function remaining(situation: Situation): Remaining {
  const { budget } = situation
  const inFlight = [...situation.calls.values()].filter(({ outcome }) => outcome === undefined).length
  return {
    tool_calls: Math.max(0, budget.tool_calls - situation.usage.tool_calls),
    compensation_calls: Math.max(0, budget.compensation_calls - situation.usage.compensation_calls),
    revisions: Math.max(0, budget.revisions - situation.revision),
    concurrency: Math.max(0, budget.concurrency - inFlight),
    until: new Date(Date.parse(situation.created_at) + situation.waited_ms + budget.wall_clock_s * 1_000).toISOString(),
  }
}

/** Whether calls of this purpose may be reserved: `true`, or the failure `budget_exhausted`, which no reasoner overrides. */
export function mayReserve(situation: Situation, purpose: CallPurpose, calls = 1): true | Failure {
  const left = remaining(situation)
  const [name, available] =
    purpose === 'compensation'
      ? (['compensation_calls', left.compensation_calls] as const)
      : (['tool_calls', left.tool_calls] as const)
  if (calls <= available) return true
  const allowed = situation.budget[name]
  return {
    kind: 'budget_exhausted',
    message: `${calls} more ${name} would exceed the budget: ${available} of ${allowed} are left`,
  }
}
