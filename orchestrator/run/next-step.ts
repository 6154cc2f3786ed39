import { mayReserve, remaining } from '../enforce/budget.ts'
import { dependenciesOf } from '../enforce/task-graph.ts'
import type { CallState, Situation, TaskState, WaitState } from '../model/situation.ts'
import { undoOf } from './compensation.ts'

/** What a run does next; the loop performs it, records it, and asks again. */
export type Step =
  | { do: 'start'; tasks: TaskState[]; lookups: TaskState[] }
  | { do: 'decide' }
  /** Nobody answered in time. */
  | { do: 'expire'; waits: WaitState[] }
  | { do: 'start_compensation'; reason: string }
  | { do: 'compensate'; call: CallState; attempt: number }
  | { do: 'finish_compensation' }
  /** Calls are in flight, or nothing is due before `until`. */
  | { do: 'pause'; until?: string }
  /** Only a person can let the run go on. */
  | { do: 'park' }
  | { do: 'stop' }

/** The next step of a run, from nothing but its situation and the time. */
export function nextStep(situation: Situation, now: Date): Step {
  if (situation.finished) return { do: 'stop' }
  if (situation.compensation) return nextOfCompensation(situation, now)

  const expired = [...situation.waits.values()].filter(
    ({ until }) => until !== undefined && Date.parse(until) <= now.getTime(),
  )
  if (expired.length > 0) return { do: 'expire', waits: expired }
  const inFlight = unsettledCalls(situation).length
  const stopping = situation.cancel_requested ?? situation.undo_requested
  if (stopping) {
    if (inFlight > 0) return { do: 'pause' }
    return settleDoubts(situation, now) ?? { do: 'start_compensation', reason: reasonToStop(situation) }
  }

  if (isOutOfTime(situation, now)) return inFlight > 0 ? { do: 'pause' } : restWithoutStarting(situation)
  const room = remaining(situation).concurrency
  const tasks = [...situation.tasks.values()]
  const due = tasks.filter((task) => isDue(task, now))
  const startable = [
    ...due.filter((task) => task.next?.do === 'retry'),
    ...tasks.filter((task) => isReady(task, situation)),
  ].slice(0, room)
  const lookups = due.filter((task) => task.next?.do === 'lookup').slice(0, Math.max(0, room - startable.length))
  if (startable.length + lookups.length > 0) return { do: 'start', tasks: startable, lookups }

  // What is due already waits for room, so for a call to settle: its instant is nothing to sleep until.
  const next = earliest(tasks, now)
  if (inFlight > 0) return { do: 'pause', ...(next === undefined ? {} : { until: next }) }
  if (next !== undefined) return { do: 'pause', until: sooner(next, remaining(situation).until) }
  return restWithoutStarting(situation)
}

/**
 * What may have happened has to be known before it can be taken back: tasks with a lost reply are looked up where that can
 * be, so that nothing new happens, and repeated where it cannot.
 */
function settleDoubts(situation: Situation, now: Date): Step | undefined {
  const doubtful = [...situation.tasks.values()].filter((task) => isInDoubt(task, situation))
  const due = doubtful.filter((task) => isDue(task, now)).slice(0, remaining(situation).concurrency)
  const isLookup = (task: TaskState) => task.next?.do === 'lookup' || situation.tools[task.tool]?.lookup !== undefined
  if (due.length > 0)
    return { do: 'start', tasks: due.filter((task) => !isLookup(task)), lookups: due.filter(isLookup) }
  const next = earliest(doubtful, now)
  return next === undefined ? undefined : { do: 'pause', until: next }
}

function isInDoubt({ id, status, generation }: TaskState, { calls }: Situation): boolean {
  if (status !== 'retrying') return false
  return [...calls.values()].some(
    (call) =>
      call.task_id === id &&
      call.purpose === 'task' &&
      call.generation === generation &&
      call.outcome?.status === 'uncertain',
  )
}

function restWithoutStarting(situation: Situation): Step {
  return situation.waits.size > 0 ? { do: 'park' } : { do: 'decide' }
}

/** True once the run's time is over: nothing starts any more. */
export function isOutOfTime(situation: Situation, now: Date): boolean {
  return now.getTime() >= Date.parse(remaining(situation).until)
}

/** The calls that were recorded and have not settled. */
export function unsettledCalls(situation: Situation): CallState[] {
  return [...situation.calls.values()].filter(({ outcome }) => outcome === undefined)
}

function isReady(task: TaskState, situation: Situation): boolean {
  if (task.status !== 'pending') return false
  return dependenciesOf(task).every((id) => situation.tasks.get(id)?.status === 'succeeded')
}

function isDue(task: TaskState, now: Date): boolean {
  return task.status === 'retrying' && task.next !== undefined && Date.parse(task.next.at) <= now.getTime()
}

function earliest(tasks: TaskState[], now: Date): string | undefined {
  return tasks
    .flatMap((task) => (task.status === 'retrying' && task.next ? [task.next.at] : []))
    .filter((at) => Date.parse(at) > now.getTime())
    .reduce<string | undefined>((first, at) => (first === undefined ? at : sooner(first, at)), undefined)
}

function sooner(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b
}

function reasonToStop({ cancel_requested: cancel, undo_requested: undo }: Situation): string {
  if (cancel) return `cancelled by ${cancel.by}${cancel.why ? `: ${cancel.why}` : ''}`
  return undo ? `undo asked for by ${undo.by}: ${undo.why}` : ''
}

function nextOfCompensation(situation: Situation, now: Date): Step {
  if (situation.compensation?.status) return { do: 'stop' }
  for (const id of situation.compensation?.calls ?? []) {
    const call = situation.calls.get(id)
    if (!call || call.compensated_by || !undoOf(call, situation).ok) continue
    const tries = [...situation.calls.values()].filter(({ compensates }) => compensates === id)
    const last = tries.at(-1)
    if (last && !last.outcome) return { do: 'pause' }
    if (last && last.next?.do !== 'retry') continue
    if (mayReserve(situation, 'compensation') !== true) break
    // What may still happen would happen after its undo.
    const certain = lastDeadline(situation, call)
    if (certain !== undefined && Date.parse(certain) > now.getTime()) return { do: 'pause', until: certain }
    if (last?.next?.do === 'retry' && Date.parse(last.next.at) > now.getTime())
      return { do: 'pause', until: last.next.at }
    return { do: 'compensate', call, attempt: tries.length + 1 }
  }
  return { do: 'finish_compensation' }
}

/** Until when an attempt under a call's key whose reply was lost may still have its effect. */
function lastDeadline({ calls }: Situation, { idempotency_key }: CallState): string | undefined {
  return [...calls.values()]
    .filter((call) => call.idempotency_key === idempotency_key && call.outcome?.status === 'uncertain')
    .map(({ deadline }) => deadline)
    .reduce<string | undefined>((last, at) => (last === undefined || sooner(last, at) === last ? at : last), undefined)
}
