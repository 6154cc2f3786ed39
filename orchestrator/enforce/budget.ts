import type { Failure } from '../../shared/failure.ts'
import type { CallPurpose } from '../model/call.ts'
import type { Reservation } from '../model/event.ts'
import { callsUnderWay } from '../model/fold-waits.ts'
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
  model_calls: number
  /** Tokens read and written, together. */
  tokens: number
  /** US dollars. */
  cost_usd: number
}

/**
 * The budget of the goal less what the record shows as spent or reserved. What one call reserved stays spent, however the
 * call ended; what the run of a sub-goal left over comes back when it ends.
 */
export function remaining(situation: Situation): Remaining {
  const { budget, usage, reserved } = situation
  const left = (allowed: number, ...taken: number[]) =>
    Math.max(
      0,
      taken.reduce((rest, part) => rest - part, allowed),
    )
  return {
    tool_calls: left(budget.tool_calls, usage.tool_calls, reserved.tool_calls),
    compensation_calls: left(budget.compensation_calls, usage.compensation_calls, reserved.compensation_calls),
    revisions: left(budget.revisions, situation.revision),
    concurrency: left(budget.concurrency, callsUnderWay(situation)),
    model_calls: left(budget.model_calls, usage.model_calls, reserved.model_calls),
    tokens: left(budget.tokens, usage.input_tokens, usage.output_tokens, reserved.tokens),
    cost_usd: left(budget.cost_usd, usage.cost_usd, reserved.cost_usd),
  }
}

/** When the run's time is over, in milliseconds since 1970. */
export function endOfTime({ created_at, waited_ms, budget }: Situation): number {
  return Date.parse(created_at) + waited_ms + budget.wall_clock_s * 1_000
}

/**
 * Whether a call of this purpose may be reserved: `true`, or the failure `budget_exhausted`, which no reasoner overrides. A
 * sub-goal reserves all that its run may spend.
 */
export function mayReserve(
  situation: Situation,
  purpose: CallPurpose,
  reservation: Reservation = { tool_calls: 1 },
): true | Failure {
  const left = remaining(situation)
  const wanted = purpose === 'compensation' ? { compensation_calls: reservation.tool_calls } : { ...reservation }
  for (const [limit, more] of Object.entries(wanted) as [keyof Reservation, number][]) {
    if (more <= left[limit]) continue
    return {
      kind: 'budget_exhausted',
      message: `${more} more ${limit} would exceed the budget: ${left[limit]} of ${situation.budget[limit]} are left`,
    }
  }
  return true
}
