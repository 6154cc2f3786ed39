import type { Issue } from '../../shared/failure.ts'
import { isJsonObject } from '../../shared/json.ts'
import type { Tool } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import { itemTask } from '../model/fan-out.ts'
import type { FanOut } from '../model/goal.ts'
import { checkPlannedArguments, type PlanWorld, targetOf } from './planned-arguments.ts'

/**
 * What is wrong with a task of `for_each` before anything has run, by path within the task. A list that is known is judged
 * item by item; of one that is yet to come the schema must say that it may be a list, and its items may fit.
 */
export function checkFanOut(task: Task, fan: FanOut, tool: Tool, world: PlanWorld): Issue[] {
  const list = targetOf(fan.ref, world)
  const refuse = (message: string): Issue[] => [{ path: '/for_each/ref', message }]
  if ('fault' in list) return refuse(list.fault)
  if ('schema' in list) {
    const { schema } = list.schema
    const types = isJsonObject(schema) && schema.type !== undefined ? [schema.type].flat() : ['array']
    return types.includes('array') ? checkItem(task, 0, tool, world) : refuse(`${fan.ref} is no list`)
  }
  if (!Array.isArray(list.value)) return refuse(`${fan.ref} is no list`)
  if (list.value.length > fan.max)
    return refuse(`${fan.ref} has ${list.value.length} items; at most ${fan.max} may run`)
  return list.value.flatMap((_, index) => checkItem(task, index, tool, world))
}

function checkItem(task: Task, index: number, tool: Tool, world: PlanWorld): Issue[] {
  return checkPlannedArguments(itemTask(task, index), tool, world).map(({ path, message }) => ({
    path: `/arguments${path}`,
    message: `of item ${index}: ${message}`,
  }))
}
