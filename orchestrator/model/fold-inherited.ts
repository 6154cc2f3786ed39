import type { EventData } from './event.ts'
import type { Situation } from './situation.ts'

/** Takes into the situation what a forked run starts with: it stands as if this run had done it, and cost this run nothing. */
export function inherit(
  situation: Situation,
  { tasks, calls, tools }: EventData['work_inherited'],
  { seq, at }: { seq: number; at: string },
): void {
  Object.assign(situation.tools, tools)
  for (const { output, ...call } of calls) {
    situation.settlements += 1
    situation.calls.set(call.call_id, {
      ...call,
      seq,
      intended_at: at,
      reservation: { tool_calls: 0 },
      outcome: { status: 'succeeded', output },
      next: { do: 'nothing' },
      settlement: situation.settlements,
      inherited: true,
    })
  }
  for (const task of tasks) {
    const made = calls.filter(({ task_id }) => task_id === task.id).map(({ call_id }) => call_id)
    situation.tasks.set(task.id, { ...task, revision: 0, status: 'succeeded', attempts: 1, generation: 0, calls: made })
  }
}
