import { isJsonObject, type Json } from '../../shared/json.ts'
import { formatPointer, parsePointer } from '../../shared/json-pointer.ts'
import type { Task } from './decision.ts'
import type { Situation, TaskState } from './situation.ts'
import { isReference, type Value } from './value.ts'

/** The task for one item of the list of a `for_each`: an ordinary task, whose references lead to that item. */
export function itemTask({ id, tool, arguments: given, why, for_each: fan, slice }: Task, index: number): Task {
  if (!fan) throw new TypeError(`itemTask: ${id} is for no list`)
  const pointInto = (node: Value): Value => {
    if (isReference(node)) return { $ref: itemReference(node.$ref, fan, index) }
    if (Array.isArray(node)) return node.map(pointInto)
    if (isJsonObject(node)) return Object.fromEntries(Object.entries(node).map(([key, part]) => [key, pointInto(part)]))
    return node
  }
  const args = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, pointInto(value)]))
  return { id: `${id}/${index}`, tool, arguments: args, after: [], why, ...(slice === undefined ? {} : { slice }) }
}

function itemReference(ref: string, { ref: list, as }: { ref: string; as: string }, index: number): string {
  // What is no pointer stays as it is: it is refused where the arguments are checked.
  const [root, ...rest] = ref.startsWith('/') ? parsePointer(ref) : []
  return root === as ? `${list}${formatPointer([index, ...rest])}` : ref
}

/** Puts the tasks of the items into the situation, behind the task that they are a part of. */
export function startGroup(situation: Situation, group: TaskState, items: number): void {
  group.status = 'running'
  group.items = items
  for (let index = 0; index < items; index++) {
    const task = itemTask(group, index)
    situation.tasks.set(task.id, {
      ...task,
      revision: group.revision,
      item_of: group.id,
      status: 'pending',
      attempts: 0,
      generation: 0,
      calls: [],
    })
  }
  settle(situation, group)
}

/** After an item: once all of them have ended, the task that they are a part of has, too. Items do not stop each other. */
export function settleGroup(situation: Situation, item: TaskState): void {
  const group = item.item_of === undefined ? undefined : situation.tasks.get(item.item_of)
  if (group) settle(situation, group)
}

function settle(situation: Situation, group: TaskState): void {
  const items = itemsOf(situation, group)
  if (items.some(({ status }) => status !== 'succeeded' && status !== 'failed' && status !== 'refused')) return
  const lost = items.filter(({ status }) => status !== 'succeeded')
  const [first] = lost
  if (!first) {
    group.status = 'succeeded'
    group.output = items.map(({ output }): Json => output ?? null)
    delete group.failure
    return
  }
  group.status = 'failed'
  group.failure = {
    kind: first.failure?.kind ?? 'internal',
    message: `${lost.length} of ${items.length} failed: ${[...new Set(lost.map(({ failure }) => failure?.message))].join('; ')}`,
  }
}

/** The items of a task of `for_each`, in the order of its list. */
export function itemsOf({ tasks }: Situation, { id, items = 0 }: TaskState): TaskState[] {
  return Array.from({ length: items }, (_, index) => tasks.get(`${id}/${index}`)).filter((item) => item !== undefined)
}
