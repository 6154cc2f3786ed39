import type { JsonObject } from '../../../shared/json.ts'
import { getAt } from '../../../shared/json-pointer.ts'
import { ancestorsOf, dependenciesOf } from '../../enforce/task-graph.ts'
import type { Task } from '../../model/decision.ts'
import { faint, type Line, lineWidth, name } from '../text/line.ts'
import { cut, padEnd, padStart } from '../text/width.ts'

export interface PlanOptions {
  /** The number of each task of earlier revisions; gets those of this one. */
  numbers?: Map<string, number>
  /** The run's input: how long the lists in it are. */
  input: JsonObject
}

/**
 * A plan as people read a graph: every task with a number and what it comes after, tasks that can run side by side in one
 * bracket.
 */
export function planLines(
  tasks: readonly Task[],
  columns: number,
  { numbers = new Map(), input }: PlanOptions,
): Line[] {
  const title = (task: Task) => `${labelOf(task)}${timesText(task, input)}`
  const waves = wavesOf(tasks)
  for (const { id } of waves.flat()) if (!numbers.has(id)) numbers.set(id, numbers.size + 1)
  const digits = String(numbers.size).length
  const toolWidth = Math.max(0, ...tasks.map((task) => title(task).length))
  const lines = waves.flatMap((wave) =>
    wave.flatMap((task, index): Line[] => {
      const last = index === wave.length - 1
      const bracket = wave.length === 1 ? ' ' : index === 0 ? '┌' : last ? '└' : '├'
      const below = `  ${wave.length === 1 || last ? ' ' : '│'} ${' '.repeat(digits)}  `
      const after = nearest(task, tasks)
        .map((id) => numbers.get(id) ?? 0)
        .sort((a, b) => a - b)
      return [
        [
          `  ${bracket} ${padStart(String(numbers.get(task.id)), digits)}  `,
          name(padEnd(title(task), toolWidth)),
          ...(after.length === 0 ? [] : [faint(`  after ${after.join(', ')}`)]),
        ],
        ...(task.why === '' ? [] : [[below, faint(cut(task.why, columns - lineWidth([below])))]]),
      ]
    }),
  )
  return waves.some((wave) => wave.length > 1)
    ? [...lines, [faint('    Tasks in one bracket do not wait for each other.')]]
    : lines
}

/** ` × 3` where a task is for each item of a list that the input holds; of a list yet to come nobody knows how often. */
function timesText({ for_each }: Task, input: JsonObject): string {
  if (!for_each) return ''
  const list = getAt({ input }, for_each.ref)
  return ` × ${Array.isArray(list) ? list.length : 'each'}`
}

/** How many tasks of the plan can run at the same time, as far as its waves tell. */
export function widestWave(tasks: readonly Task[]): number {
  return Math.max(1, ...wavesOf(tasks).map((wave) => wave.length))
}

/** The tool, and the task's own name where that says more. */
export function labelOf({ id, tool }: Pick<Task, 'id' | 'tool'>): string {
  return tool.endsWith(`.${id}`) ? tool : `${tool} (${id})`
}

/** Tasks by the length of the longest way to them. */
function wavesOf(tasks: readonly Task[]): Task[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const depths = new Map<string, number>()
  const depth = (task: Task): number => {
    const known = depths.get(task.id)
    if (known !== undefined) return known
    depths.set(task.id, 0)
    const before = dependenciesOf(task).flatMap((id) => byId.get(id) ?? [])
    const found = before.length === 0 ? 0 : 1 + Math.max(...before.map(depth))
    depths.set(task.id, found)
    return found
  }
  const waves: Task[][] = []
  for (const task of tasks) {
    const wave = waves[depth(task)]
    if (wave) wave.push(task)
    else waves[depth(task)] = [task]
  }
  return Array.from(waves, (wave) => wave ?? [])
}

/** What a task comes directly after: not what those tasks come after anyway. */
function nearest(task: Task, tasks: readonly Task[]): string[] {
  const graph = new Map(tasks.map((other) => [other.id, dependenciesOf(other)]))
  const direct = dependenciesOf(task)
  const implied = direct.map((id) => ancestorsOf(id, graph))
  return direct.filter((id) => !implied.some((ids) => ids.has(id)))
}
