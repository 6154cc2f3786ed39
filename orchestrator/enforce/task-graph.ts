import type { Task } from '../model/decision.ts'
import { referencesIn, taskOf } from '../model/reference.ts'

type Dependent = Pick<Task, 'after' | 'arguments' | 'for_each'>

/** A run asks after every call what each of its tasks waits for, and a task stays as it was planned. */
const known = new WeakMap<Dependent, readonly string[]>()

/** The ids of the tasks that must have succeeded before this one: what it comes after, and what its arguments and its list refer to. */
export function dependenciesOf(task: Dependent): readonly string[] {
  const before = known.get(task)
  if (before) return before
  const dependencies = readDependencies(task)
  known.set(task, dependencies)
  return dependencies
}

function readDependencies(task: Dependent): string[] {
  const list = task.for_each ? [{ ref: task.for_each.ref }] : []
  const referred = [...referencesIn(task.arguments), ...list].flatMap(({ ref }) => {
    try {
      return taskOf(ref) ?? []
    } catch {
      // Not a pointer at all: reported where the arguments are checked.
      return []
    }
  })
  return [...new Set([...task.after, ...referred])]
}

/** Everything that a task waits for, directly or through others; never the task itself unless it is in a cycle. */
export function ancestorsOf(id: string, graph: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>()
  const open = [...(graph.get(id) ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue
    found.add(next)
    open.push(...(graph.get(next) ?? []))
  }
  return found
}

/** The ids along one cycle, the first repeated at the end, or undefined where there is none. */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  for (const start of graph.keys()) {
    const path: string[] = []
    const onPath = new Set<string>()
    const steps: { id: string; rest: string[] }[] = []
    const enter = (id: string) => {
      path.push(id)
      onPath.add(id)
      steps.push({ id, rest: [...(graph.get(id) ?? [])] })
    }
    if (!done.has(start)) enter(start)
    for (let step = steps.at(-1); step; step = steps.at(-1)) {
      const next = step.rest.pop()
      if (next === undefined) {
        done.add(step.id)
        onPath.delete(step.id)
        path.pop()
        steps.pop()
      } else if (onPath.has(next)) return [...path.slice(path.indexOf(next)), next]
      else if (!done.has(next)) enter(next)
    }
  }
  return undefined
}
