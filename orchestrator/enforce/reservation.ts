import type { ToolContract } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import type { Reservation } from '../model/event.ts'

/** What a call of a task sets aside before it starts: one call, or all that the run of a sub-goal may spend. */
export function reservationOf(
  { slice }: Pick<Task, 'slice'>,
  contract: Pick<ToolContract, 'sub_goal'> | undefined,
): Reservation {
  if (!contract?.sub_goal) return { tool_calls: 1 }
  const { budget } = contract.sub_goal
  const cut = slice?.budget ?? {}
  return {
    tool_calls: cut.tool_calls ?? budget.tool_calls,
    compensation_calls: cut.compensation_calls ?? budget.compensation_calls,
    model_calls: cut.model_calls ?? budget.model_calls,
    tokens: cut.tokens ?? budget.tokens,
    cost_usd: cut.cost_usd ?? budget.cost_usd,
  }
}
