import { digest, type JsonObject } from '../../shared/json.ts'
import type { Provenance } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import { type Draft, draft, type Event, type EventData, type Mode, type Parent } from '../model/event.ts'
import type { Goal } from '../model/goal.ts'
import type { Owner } from '../model/run.ts'

/** What is pursued, for whom, and under which reviewed tools and rules. */
export interface NewRun extends Owner {
  goal: Goal
  /** Valid against the goal's schema; sensitive leaves already sealed. */
  input: JsonObject
  /** Of what whoever starts the run did not give themselves. */
  input_provenance?: Provenance
  mode: Mode
  reasoner: { name: string; digest: string }
  catalogue: Catalogue
  policyDigest: string
  /** What a forked run starts with; sensitive leaves already sealed for it. */
  inherits?: EventData['work_inherited']
  /** The run that this one is a part of. */
  parent?: Parent
  /** RFC 3339: from when on a worker may take it; at once where it is null or left out. */
  wake_at?: string | null
}

/** Where a new run is put. */
export interface RunCreator {
  create(
    run: Owner & { run_id: string; goal: string; mode: Mode; parent_run?: string },
    drafts: Draft[],
    change?: { wake_at?: string | null },
  ): Promise<Event[]>
}

/** Records a new run, pinning what it was created under. From here on it exists, whatever happens to this process. */
export async function createRun(runId: string, run: NewRun, journal: RunCreator): Promise<Event[]> {
  const {
    goal,
    input,
    mode,
    reasoner,
    catalogue,
    policyDigest,
    tenant,
    principal,
    parent,
    inherits,
    input_provenance = {},
    wake_at = null,
  } = run
  const created = { run_id: runId, tenant, principal, goal: goal.goal, mode }
  const drafts: Draft[] = [
    draft('run_created', {
      goal,
      input,
      mode,
      principal,
      ...(Object.keys(input_provenance).length > 0 ? { input_provenance } : {}),
      reasoner: reasoner.name,
      digests: {
        goal: digest(goal),
        catalogue: catalogue.digest,
        policy: policyDigest,
        reasoner: reasoner.digest,
      },
      ...(parent ? { parent } : {}),
    }),
    ...(inherits ? [draft('work_inherited', inherits)] : []),
  ]
  return journal.create(parent ? { ...created, parent_run: parent.run_id } : created, drafts, { wake_at })
}
