import type { Task } from './decision.ts'
import type { TaskState } from './situation.ts'

/** The task as its plan says it, with nothing of how far it is. */
export function plannedTask(state: TaskState): Task {
  const { id, tool, arguments: args, after, why, notice, for_each, slice, delay_s } = state
  return {
    id,
    tool,
    arguments: args,
    after,
    why,
    ...(notice === undefined ? {} : { notice }),
    ...(for_each === undefined ? {} : { for_each }),
    ...(slice === undefined ? {} : { slice }),
    ...(delay_s === undefined ? {} : { delay_s }),
  }
}
