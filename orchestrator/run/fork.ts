import type { EventData, InheritedCall, InheritedTask } from '../model/event.ts'
import { plannedTask } from '../model/planned-task.ts'
import type { CallState, Situation, TaskState } from '../model/situation.ts'

/** What a run that is forked here starts with: the tasks that have succeeded and stand, with the calls that prove it. */
export function workToInherit(situation: Situation): EventData['work_inherited'] {
  const calls = new Map<string, InheritedCall>()
  const tasks: InheritedTask[] = []
  const tools: EventData['work_inherited']['tools'] = {}
  for (const task of situation.tasks.values()) {
    if (task.notice || task.status !== 'succeeded' || task.output === undefined) continue
    const call = task.settled_by === undefined ? undefined : situation.calls.get(task.settled_by)
    if (call?.compensated_by !== undefined) continue
    if (call) calls.set(call.call_id, inheritedCall(call))
    tasks.push(inheritedTask(task, task.output))
    const contract = situation.tools[task.tool]
    if (contract) tools[task.tool] = contract
  }
  return { from: { run_id: situation.run_id, seq: situation.seq }, tasks, calls: [...calls.values()], tools }
}

function inheritedTask(task: TaskState, output: InheritedTask['output']): InheritedTask {
  const { settled_by, item_of, items } = task
  return {
    ...plannedTask(task),
    output,
    ...(settled_by === undefined ? {} : { settled_by }),
    ...(item_of === undefined ? {} : { item_of }),
    ...(items === undefined ? {} : { items }),
  }
}

function inheritedCall(call: CallState): InheritedCall {
  const { reservation: _, seq: _seq, intended_at, outcome, next: _next, settlement: _settlement, ...rest } = call
  const { inherited: _inherited, compensated_by: _compensated, ...intended } = rest
  return {
    ...intended,
    output: outcome?.status === 'succeeded' ? outcome.output : null,
    started_at: call.started_at ?? intended_at,
    settled_at: call.settled_at ?? intended_at,
  }
}
