import { ProblemError } from './http/problem.ts'
import type { Event } from './model/event.ts'
import type { Journal } from './record/journal.ts'

/**
 * Reads runs for who may see one tenant alone: the journal's role sees all, so what it returns is looked at once more. Throws a
 * `not_found`.
 */
export function tenantEvents(journal: Pick<Journal, 'read'>): (tenant: string, runId: string) => Promise<Event[]> {
  return async (tenant, runId) => {
    const events = await journal.read(runId)
    if (events.length === 0 || events.some((event) => event.tenant !== tenant))
      throw new ProblemError('not_found', `There is no run ${runId}`)
    return events
  }
}
