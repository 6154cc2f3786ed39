import type { Caller } from '../model/caller.ts'
import type { RunSummary } from '../model/listed.ts'
import { ProblemError } from './problem.ts'
import type { Service } from './service.ts'

/** The tenant's run of that id. What another tenant has is as if it were not. */
export async function findRun(service: Service, tenant: string, runId: string): Promise<RunSummary> {
  const found = await service.findRun(tenant, runId)
  if (!found) throw new ProblemError('not_found', `There is no run ${runId}`)
  return found
}

/** As {@link findRun}, for somebody who is to change how it goes on. */
export async function findRunToSteer(
  service: Service,
  { tenant, ceiling }: Pick<Caller, 'tenant' | 'ceiling'>,
  runId: string,
): Promise<RunSummary> {
  const found = await findRun(service, tenant, runId)
  checkGoal(ceiling, found)
  return found
}

/** Throws where a key is for other goals than the run's. */
export function checkGoal({ goals }: Caller['ceiling'], { goal }: Pick<RunSummary, 'goal'>): void {
  if (goals && !goals.includes(goal))
    throw new ProblemError('denied', `This key may not change runs of ${goal}; it is for ${goals.join(', ')}`)
}
