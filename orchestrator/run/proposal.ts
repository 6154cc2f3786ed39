import type { Proposal } from '../enforce/policy/proposal.ts'
import { reservationOf } from '../enforce/reservation.ts'
import { isTainted } from '../enforce/taint.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import type { Situation } from '../model/situation.ts'

/** A call as the loop knows it before policy has seen it. */
type Planned = Pick<Proposal, 'tool' | 'arguments' | 'provenance' | 'purpose' | 'undoes'> & {
  task: Pick<Task, 'id' | 'tool' | 'slice'>
}

/** What policy is asked about a call of a run. */
export function proposal(situation: Situation, planned: Planned, { tools }: Pick<Catalogue, 'tools'>): Proposal {
  const { tool, purpose, task } = planned
  const { goal, mode, principal = '' } = situation.created
  return {
    ...planned,
    scopes: tools.get(tool?.id ?? task.tool)?.scopes ?? [],
    // Whoever decided last need not have planned this task: one tainted decision taints what the run does from then on.
    tainted: purpose === 'task' && isTainted(situation),
    run: { tenant: situation.tenant, principal, goal: goal.goal, mode },
    cost_usd: reservationOf(task, tool).cost_usd,
  }
}
