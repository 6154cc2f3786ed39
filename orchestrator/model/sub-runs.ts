import { itemName, itemSchema } from './item-name.ts'
import type { RunStatus } from './run.ts'
import type { CallState, Situation } from './situation.ts'
import { goalServer } from './sub-goals.ts'

/** The run of a sub-goal, as far as the record of the run that it is a part of tells. */
export interface SubRun {
  run_id: string
  task_id: string
  goal: string
  status: RunStatus
  /** What people call the item of a list that it is for. */
  item?: string
}

/** The runs of sub-goals that a run has started, in the order of its tasks. */
export function subRunsOf(situation: Situation): SubRun[] {
  const started = [...situation.tasks.values()].flatMap(({ calls }) => calls)
  return started.flatMap((id) => {
    const call = situation.calls.get(id)
    return call?.server === goalServer && call.purpose === 'task' ? [subRunOf(call, situation)] : []
  })
}

/** The run that the call of a sub-goal started. */
export function subRunOf(call: CallState, situation: Situation): SubRun {
  const { call_id, task_id, server, tool } = call
  const item = nameOf(call, situation)
  return {
    run_id: call_id,
    task_id,
    goal: situation.tools[`${server}.${tool}`]?.sub_goal?.goal ?? tool,
    status: statusOf(call, situation),
    ...(item === undefined ? {} : { item }),
  }
}

function statusOf({ call_id, outcome, compensated_by }: CallState, { waits }: Situation): RunStatus {
  if (compensated_by !== undefined) return 'cancelled'
  if (outcome) return outcome.status === 'succeeded' ? 'succeeded' : 'failed'
  return [...waits.values()].some((wait) => wait.call_id === call_id) ? 'waiting' : 'running'
}

function nameOf({ task_id, arguments: args }: CallState, { tasks, created }: Situation): string | undefined {
  const group = tasks.get(tasks.get(task_id)?.item_of ?? '')
  if (!group?.for_each || args.input === undefined) return undefined
  return itemName(args.input, itemSchema(created.goal.input, group.for_each.ref))
}
