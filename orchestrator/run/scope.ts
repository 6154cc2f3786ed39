import type { Json } from '../../shared/json.ts'
import { literalOriginIn } from '../enforce/provenance.ts'
import type { Scope } from '../model/reference.ts'
import type { Situation } from '../model/situation.ts'

/** What the references of a run may point into, right now. */
export function scopeOf(situation: Situation): Scope {
  const tasks = new Map<string, { tool: string; output: Json }>()
  for (const task of situation.tasks.values()) {
    if (task.status === 'succeeded' && task.output !== undefined)
      tasks.set(task.id, { tool: task.tool, output: task.output })
  }
  return {
    input: situation.input,
    inputOrigin: 'input',
    tasks,
    literalOrigin: literalOriginIn(situation.created.goal),
  }
}
