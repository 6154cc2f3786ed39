import type { Failure, Issue } from '../../shared/failure.ts'
import { type Ceiling, isWithin } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Budget, Goal } from '../model/goal.ts'
import { isAllowed } from './allowed-tools.ts'

/** The goal as somebody's run has it, or why they may not have it. */
export type Narrowed = { ok: true; goal: Goal } | { ok: false; failure: Failure }

/**
 * A goal under the limits of whoever asks for it. A request's budget may only lower what the goal and the ceiling allow; what
 * a greater effect would need is not among the run's tools, those of its sub-goals included.
 */
export function withinCeiling(
  goal: Goal,
  { ceiling, budget = {} }: { ceiling: Ceiling; budget?: Partial<Budget> },
  { tools }: Pick<Catalogue, 'tools'>,
): Narrowed {
  if (ceiling.goals && !ceiling.goals.includes(goal.goal))
    return denied(`This key may not pursue ${goal.goal}; it may pursue ${ceiling.goals.join(', ') || 'nothing'}`)
  const most: Budget = { ...goal.budget, cost_usd: Math.min(goal.budget.cost_usd, ceiling.cost_usd ?? Infinity) }
  const issues = Object.entries(budget).flatMap(([name, wanted]): Issue[] => {
    const limit = most[name as keyof Budget]
    return wanted <= limit ? [] : [{ path: `/budget/${name}`, message: `must be at most ${limit} (got ${wanted})` }]
  })
  if (issues.length > 0) {
    const message = 'A request can only lower what the goal and the key allow'
    return { ok: false, failure: { kind: 'budget_exhausted', message, issues } }
  }
  const { effect } = ceiling
  const allowed =
    effect === undefined
      ? {}
      : {
          tools: [...tools.values()]
            .filter((tool) => isWithin(tool.effect, effect) && isAllowed(goal.tools, tool.id))
            .map(({ id }) => id),
        }
  return { ok: true, goal: { ...goal, ...allowed, budget: { ...most, ...budget } } }
}

function denied(message: string): Narrowed {
  return { ok: false, failure: { kind: 'denied', message } }
}
