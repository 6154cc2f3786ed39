import type { Situation, TaskState } from './situation.ts'

/** The task that an event names. Throws where the journal is none that this fold can have written. */
export function taskIn(situation: Situation, id: string): TaskState {
  const task = situation.tasks.get(id)
  if (!task) throw new RangeError(`fold: there is no task ${id} in run ${situation.run_id}`)
  return task
}
