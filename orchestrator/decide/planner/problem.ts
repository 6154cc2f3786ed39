import type { Issue } from '../../../shared/failure.ts'
import type { Json, JsonObject } from '../../../shared/json.ts'
import type { Catalogue, ToolContract } from '../../model/catalogue.ts'
import type { Task } from '../../model/decision.ts'
import type { Goal } from '../../model/goal.ts'

/** A task that has started and stays as it is: its output feeds the tasks to come. */
export interface KeptTask {
  id: string
  tool: ToolContract
  /** Absent while the task runs; then the tool's output schema says what will be there. */
  output?: Json
  /** The outcomes that hold because of it. */
  establishes: readonly string[]
}

/** All that a plan depends on. */
export interface PlanningProblem {
  goal: Pick<Goal, 'input' | 'outcomes' | 'arguments' | 'bind'> &
    Partial<Pick<Goal, 'for_each' | 'slices' | 'after' | 'delays'>>
  input: JsonObject
  tools: Catalogue['tools']
  kept: readonly KeptTask[]
  /** Tools not to be used again → why, as in `failed: the card was declined`. */
  excluded: ReadonlyMap<string, string>
  /** Outcomes that nobody waits for any more. */
  waived: ReadonlySet<string>
  /** Task ids that were given out → the tool whose task may have the id again because it never started, else null. */
  ids: ReadonlyMap<string, string | null>
}

/** The tasks that bring about every outcome not yet established, or why there are none. */
export type Planned =
  | { ok: true; tasks: Task[]; why: string }
  | { ok: false; code: 'no_plan' | 'ambiguous_fact'; facts: string[]; issues: Issue[] }
