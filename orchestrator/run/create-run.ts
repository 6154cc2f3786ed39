import { digest, type JsonObject } from '../../shared/json.ts'
import type { Catalogue } from '../model/catalogue.ts'
import { type Draft, draft, type Event, type Mode } from '../model/event.ts'
import type { Goal } from '../model/goal.ts'
import type { Owner } from '../model/run.ts'

/** What is pursued, for whom, and under which reviewed tools and rules. */
export interface NewRun extends Owner {
  goal: Goal
  /** Valid against the goal's schema; sensitive leaves already sealed. */
  input: JsonObject
  mode: Mode
  reasoner: { name: string; digest: string }
  catalogue: Catalogue
  policyDigest: string
}

/** Where a new run is put. */
export interface RunCreator {
  create(run: Owner & { run_id: string; goal: string }, drafts: Draft[]): Promise<Event[]>
}

/** Records a new run, pinning what it was created under. From here on it exists, whatever happens to this process. */
export async function createRun(runId: string, run: NewRun, journal: RunCreator): Promise<Event[]> {
  const { goal, input, mode, reasoner, catalogue, policyDigest, tenant, principal } = run
  return journal.create({ run_id: runId, tenant, principal, goal: goal.goal }, [
    draft('run_created', {
      goal,
      input,
      mode,
      reasoner: reasoner.name,
      digests: {
        goal: digest(goal),
        catalogue: catalogue.digest,
        policy: policyDigest,
        reasoner: reasoner.digest,
      },
    }),
  ])
}
