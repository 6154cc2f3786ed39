import type { CallState, Situation } from '../../model/situation.ts'
import { goalServer } from '../../model/sub-goals.ts'
import { type SubRun, subRunOf } from '../../model/sub-runs.ts'
import { labelOf } from './plan.ts'

/** How people tell the run of a sub-goal from its siblings: `onboard/1 Beta Ltd`. */
export function tagOf({ task_id, item }: Pick<SubRun, 'task_id' | 'item'>): string {
  return item === undefined ? task_id : `${task_id} ${item}`
}

/** Of more items side by side than this, only what people have to know of is told. */
const mostInDetail = 4

/** True for a task that is one of so many items of a list that telling each in full would tell nothing. */
export function isOneOfMany(taskId: string, { tasks }: Situation): boolean {
  return (tasks.get(tasks.get(taskId)?.item_of ?? '')?.items ?? 1) > mostInDetail
}

/** What a call is called on screens: its tool, and its task where that says more; a sub-goal by its item. */
export function callLabel(call: CallState, situation: Situation): string {
  const tool = `${call.server}.${call.tool}`
  const undone = call.server === goalServer ? situation.calls.get(call.compensates ?? '') : undefined
  if (undone) return `undo of ${callLabel(undone, situation)}`
  if (call.purpose !== 'task') return tool
  return call.server === goalServer ? tagOf(subRunOf(call, situation)) : labelOf({ id: call.task_id, tool })
}

/** Which attempt it is, where there were others. */
export function attemptText({ attempt }: Pick<CallState, 'attempt'>): string {
  return attempt > 1 ? `  attempt ${attempt}` : ''
}

/** What a call has to do with an earlier one. */
export function relationText({ compensates, looks_up }: CallState, situation: Situation): string {
  const earlier = situation.calls.get(compensates ?? looks_up ?? '')
  // The undo of a sub-goal says by its own name what it is.
  if (!earlier || earlier.server === goalServer) return ''
  return compensates === undefined ? `  did ${earlier.tool} happen?` : `  undoes ${earlier.tool}`
}
