import { mayNotSteer } from '../enforce/may-steer.ts'
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
  const refusal = mayNotSteer(ceiling, found.goal)
  if (refusal !== undefined) throw new ProblemError('denied', refusal)
  return found
}
