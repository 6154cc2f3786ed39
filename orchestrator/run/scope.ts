import type { Json } from '../../shared/json.ts'
import { literalOriginIn } from '../enforce/provenance.ts'
import { originsAt } from '../model/input-provenance.ts'
import type { Scope } from '../model/reference.ts'
import type { Situation, TaskState } from '../model/situation.ts'

/** What the references of a run may point into, right now. */
export function scopeOf(situation: Situation): Scope {
  return {
    input: situation.input,
    inputOrigins: (pointer) =>
      situation.created.goal.call === undefined ? originsAt(situation.input_provenance, pointer) : ['client'],
    tasks: { get: (id) => outputOf(situation.tasks.get(id)) },
    literalOrigin: literalOriginIn(situation.created.goal),
  }
}

function outputOf(task: TaskState | undefined): { tool: string; output: Json } | undefined {
  if (task?.status !== 'succeeded' || task.output === undefined) return undefined
  return { tool: task.tool, output: task.output }
}
