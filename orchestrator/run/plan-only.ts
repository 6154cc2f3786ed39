import type { Issue } from '../../shared/failure.ts'
import { digest, type JsonObject } from '../../shared/json.ts'
import { validatePlan } from '../enforce/validate.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import { draft, type Mode } from '../model/event.ts'
import type { Goal } from '../model/goal.ts'
import { noLedger } from '../model/model-call.ts'
import { fold } from '../model/situation.ts'
import type { RunReasoner } from './parts.ts'

export interface PlanQuestion {
  goal: Goal
  input: JsonObject
  reasoner: RunReasoner
  catalogue: Catalogue
  mode: Mode
}

/** A plan as it would be accepted, or why there is none. */
export type PlanAnswer =
  | { ok: true; tasks: Task[]; why: string }
  | { ok: false; code: string; issues: Issue[]; why: string }

/** What would be done for a goal: the reasoner is asked once and its plan checked. Nothing is recorded, nothing is called. */
export async function planOnly({ goal, input, reasoner, catalogue, mode }: PlanQuestion): Promise<PlanAnswer> {
  const digests = { goal: digest(goal), catalogue: catalogue.digest, policy: '', reasoner: reasoner.digest }
  const situation = fold([
    {
      ...draft('run_created', { goal, input, mode, reasoner: reasoner.name, digests }),
      run_id: '',
      seq: 1,
      v: 1,
      at: new Date(0).toISOString(),
      prev_hash: '',
      hash: '',
      tenant: '',
    },
  ])
  const { decision } = await reasoner.decide(situation, catalogue, new AbortController().signal, noLedger)
  if (decision.kind === 'give_up') return { ok: false, code: decision.code, issues: decision.issues, why: decision.why }
  if (decision.kind !== 'plan')
    return {
      ok: false,
      code: 'no_plan',
      issues: [],
      why: `${reasoner.name} decided to ${decision.kind} instead of planning`,
    }
  const valid = validatePlan(decision, situation, catalogue)
  if (valid.ok) return { ok: true, tasks: valid.tasks, why: decision.why }
  return { ok: false, code: 'plan_refused', issues: valid.problems, why: 'The plan may not stand' }
}
