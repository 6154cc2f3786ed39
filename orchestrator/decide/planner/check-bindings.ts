import type { Issue } from '../../../shared/failure.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import { nearestName } from '../../../shared/nearest-name.ts'
import type { World } from './world.ts'

/** What is wrong with the goal's `bind`: it names tools that do not exist, or that have nothing to do with the fact. */
export function checkBindings({ problem: { goal, tools }, index }: World): Issue[] {
  return Object.entries(goal.bind).flatMap(([fact, id]) => {
    const path = formatPointer(['bind', fact])
    const tool = tools.get(id)
    if (!tool) {
      const near = nearestName(id, tools.keys())
      return [{ path, message: `there is no tool ${id}${near ? `; did you mean ${near}?` : ''}` }]
    }
    if (tool.effect === 'delete') return [{ path, message: `${id} deletes, and deletes are never planned` }]
    const gives = index.sources.get(fact)?.some((source) => source.tool.id === id)
    if (gives || tool.establishes.includes(fact)) return []
    const others = (index.sources.get(fact) ?? []).map((source) => source.tool.id)
    const instead = others.length > 0 ? `; ${others.slice(0, 3).join(', ')} would` : ''
    return [{ path, message: `${id} neither gives nor establishes ${fact}${instead}` }]
  })
}
