import type { Effect } from '../../shared/manifest.ts'
import { type Ceiling, isWithin } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Goal } from '../model/goal.ts'
import type { Situation } from '../model/situation.ts'
import { isAllowed } from './allowed-tools.ts'

/** Why somebody may not change how a run of that goal goes on, or nothing where they may. */
export function mayNotSteer({ goals }: Ceiling, goal: string): string | undefined {
  return goals && !goals.includes(goal)
    ? `This key may not change runs of ${goal}; it is for ${goals.join(', ')}`
    : undefined
}

/**
 * Why somebody may not give a run that answer, or nothing where they may. Whatever is no `undo` lets the run go on with all
 * that it may do, and `extend` with another budget: so nobody may say it whose own runs may not do or spend as much.
 */
export function mayNotAnswer(
  { effect, cost_usd }: Ceiling,
  choice: string,
  { created: { goal }, budget }: Pick<Situation, 'created' | 'budget'>,
  catalogue: Pick<Catalogue, 'tools'>,
): string | undefined {
  if (choice === 'undo') return undefined
  const most = greatestEffect(goal, catalogue)
  if (effect !== undefined && !isWithin(most, effect))
    return `This key is for ${effect} at most, and the run may ${most}: the answer ${choice} takes a key that may, too`
  const extended = budget.cost_usd + goal.budget.cost_usd
  if (choice === 'extend' && cost_usd !== undefined && extended > cost_usd && goal.budget.cost_usd > 0)
    return `This key is for runs of ${cost_usd} USD at most, and with another budget this one could spend ${extended} USD`
  return undefined
}

/** The greatest effect that a plan of the goal may have; a delete only undoes, so no plan has one. */
function greatestEffect({ tools: allowed }: Goal, { tools }: Pick<Catalogue, 'tools'>): Effect {
  const effects = new Set(
    [...tools.values()].flatMap(({ id, effect }) => (isAllowed(allowed, id) && effect !== 'delete' ? [effect] : [])),
  )
  return (['update', 'create'] as const).find((effect) => effects.has(effect)) ?? 'read'
}
