import type { ToolContract } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import type { Situation } from '../model/situation.ts'
import { ancestorsOf, dependenciesOf } from './task-graph.ts'

type ContractOf = (toolId: string) => Pick<ToolContract, 'effect' | 'compensation' | 'establishes'> | undefined

/**
 * Adds `after` edges so that a task which has an effect and cannot be undone starts after every task whose failure would
 * undo the run: those that contribute to an outcome with `on_failure: undo`. Of several that cannot be undone, the earlier
 * in the plan goes first. The graph must be acyclic, and stays so.
 */
export function orderIrreversible(tasks: readonly Task[], situation: Situation, contractOf: ContractOf): Task[] {
  const started = [...situation.tasks.values()].filter(({ status }) => status === 'running' || status === 'retrying')
  const all = [...started, ...tasks]
  const graph = new Map(all.map((task) => [task.id, dependenciesOf(task)]))
  const critical = contributors(all, graph, situation, contractOf)

  const added = new Map<string, string[]>()
  // Backwards, so that the last one waits for the others and not the other way round.
  for (const task of [...tasks].reverse()) {
    const contract = contractOf(task.tool)
    if (!contract || contract.effect === 'read' || contract.compensation) continue
    const own = graph.get(task.id) ?? []
    const before = ancestorsOf(task.id, graph)
    const missing = [...critical].filter(
      (id) => id !== task.id && !before.has(id) && !ancestorsOf(id, graph).has(task.id),
    )
    // What another missing one comes after is waited for already.
    const extra = missing.filter((id) => !missing.some((other) => ancestorsOf(other, graph).has(id)))
    graph.set(task.id, [...own, ...extra])
    added.set(task.id, extra)
  }
  return tasks.map((task) => {
    const extra = added.get(task.id) ?? []
    return extra.length === 0 ? task : { ...task, after: [...new Set([...task.after, ...extra])] }
  })
}

function contributors(
  all: readonly Task[],
  graph: ReadonlyMap<string, readonly string[]>,
  situation: Situation,
  contractOf: ContractOf,
): Set<string> {
  const undoing = situation.created.goal.outcomes
    .filter(({ on_failure }) => on_failure === 'undo')
    .map(({ fact }) => fact)
  const establishing = all.filter(({ tool }) => contractOf(tool)?.establishes.some((fact) => undoing.includes(fact)))
  const known = new Set(all.map(({ id }) => id))
  return new Set(establishing.flatMap(({ id }) => [id, ...ancestorsOf(id, graph)]).filter((id) => known.has(id)))
}
