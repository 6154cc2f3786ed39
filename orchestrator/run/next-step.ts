import { endOfTime, mayReserve, remaining } from '../enforce/budget.ts'
import { dependenciesOf } from '../enforce/task-graph.ts'
import { callsUnderWay } from '../model/fold-waits.ts'
import type { CallState, Situation, TaskState, WaitState } from '../model/situation.ts'
import { isProvedAbsent, lookupOf, undoOf } from './compensation.ts'

/** What a run does next; the loop performs it, records it, and asks again. */
export type Step =
  | { do: 'start'; tasks: TaskState[]; lookups: TaskState[] }
  | { do: 'decide' }
  /** Nobody answered in time, or a delay is over. */
  | { do: 'expire'; waits: WaitState[] }
  | { do: 'start_compensation'; reason: string }
  | { do: 'compensate'; call: CallState; attempt: number }
  /** Before it can be undone, somebody has to find out whether the call happened, and what it made. */
  | { do: 'look_up'; call: CallState }
  | { do: 'finish_compensation' }
  /** Calls are in flight, or nothing is due before `until`. */
  | { do: 'pause'; until?: string }
  /** Only a person can let the run go on, or the end of a wait at `until`. */
  | { do: 'park'; until?: string }
  | { do: 'stop' }

/** The next step of a run, from nothing but its situation and the time. */
export function nextStep(situation: Situation, now: Date): Step {
  if (situation.finished) return { do: 'stop' }
  if (situation.compensation) return nextOfCompensation(situation, now)

  const waits = [...situation.waits.values()]
  const expired = waits.filter(({ until }) => until !== undefined && Date.parse(until) <= now.getTime())
  if (expired.length > 0) return { do: 'expire', waits: expired }
  if (isStopping(situation)) {
    if (situation.unsettled.size > 0) return { do: 'pause' }
    return settleDoubts(situation, now) ?? { do: 'start_compensation', reason: reasonToStop(situation) }
  }

  const inFlight = callsUnderWay(situation)
  if (isOutOfTime(situation, now)) return inFlight > 0 ? { do: 'pause' } : restWithoutStarting(situation)
  const { tasks, lookups } = startable(situation, now)
  if (tasks.length + lookups.length > 0) return { do: 'start', tasks, lookups }

  // What is due already waits for room, so for a call to settle: its instant is nothing to sleep until.
  const next = earliest(
    [...retriesOf(situation), ...(inFlight > 0 ? waits.flatMap(({ until }) => until ?? []) : [])],
    now,
  )
  if (inFlight > 0) return { do: 'pause', ...(next === undefined ? {} : { until: next }) }
  if (next !== undefined) return { do: 'pause', until: sooner(next, new Date(endOfTime(situation)).toISOString()) }
  return restWithoutStarting(situation)
}

/** True once somebody asked for the end of the run: nothing starts any more, and all is undone. */
export function isStopping({ cancel_requested, undo_requested }: Situation): boolean {
  return cancel_requested !== undefined || undo_requested !== undefined
}

function startable(situation: Situation, now: Date): { tasks: TaskState[]; lookups: TaskState[] } {
  const due: TaskState[] = []
  const ready: TaskState[] = []
  for (const task of situation.tasks.values()) {
    if (isDue(task, now)) due.push(task)
    else if (isReady(task, situation)) ready.push(task)
  }
  // After nearly every call there is nothing, or one task: the places are counted only where somebody wants one.
  if (due.length + ready.length === 0) return { tasks: [], lookups: [] }
  const places = placesIn(situation)
  return {
    tasks: [...due.filter(({ next }) => next?.do === 'retry'), ...ready].filter(places),
    lookups: due.filter(({ next }) => next?.do === 'lookup').filter(places),
  }
}

/** Gives the places that the budget leaves, in all and at each server, to who comes first. A list takes none: its items do. */
function placesIn(situation: Situation): (task: TaskState) => boolean {
  let room = remaining(situation).concurrency
  const taken = new Map<string, number>()
  const asking = new Set([...situation.waits.values()].map(({ call_id }) => call_id))
  for (const { call_id, server } of unsettledCalls(situation))
    if (!asking.has(call_id)) taken.set(server, (taken.get(server) ?? 0) + 1)
  return ({ tool, for_each }) => {
    if (for_each) return true
    const server = tool.slice(0, tool.indexOf('.'))
    const here = taken.get(server) ?? 0
    if (room < 1 || here >= situation.budget.server_concurrency) return false
    room -= 1
    taken.set(server, here + 1)
    return true
  }
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
  const next = earliest(
    doubtful.flatMap((task) => task.next?.at ?? []),
    now,
  )
  return next === undefined ? undefined : { do: 'pause', until: next }
}

function isInDoubt(task: TaskState, { calls }: Situation): boolean {
  if (task.status !== 'retrying') return false
  return task.calls
    .flatMap((id) => calls.get(id) ?? [])
    .some(
      ({ purpose, generation, outcome }) =>
        purpose === 'task' && generation === task.generation && outcome?.status === 'uncertain',
    )
}

function restWithoutStarting(situation: Situation): Step {
  if (situation.waits.size === 0) return { do: 'decide' }
  const until = [...situation.waits.values()]
    .flatMap((wait) => wait.until ?? [])
    .reduce<string | undefined>(soonest, undefined)
  return { do: 'park', ...(until === undefined ? {} : { until }) }
}

/** True once the run's time is over: nothing starts any more. */
export function isOutOfTime(situation: Situation, now: Date): boolean {
  return now.getTime() >= endOfTime(situation)
}

/** The calls that were recorded and have not settled. */
export function unsettledCalls({ unsettled, calls }: Situation): CallState[] {
  return [...unsettled].flatMap((id) => calls.get(id) ?? [])
}

/** When each task that is to be tried again is due. */
function retriesOf({ tasks }: Situation): string[] {
  const retries: string[] = []
  for (const { status, next } of tasks.values()) if (status === 'retrying' && next) retries.push(next.at)
  return retries
}

function isReady(task: TaskState, situation: Situation): boolean {
  if (task.status !== 'pending') return false
  return dependenciesOf(task).every((id) => situation.tasks.get(id)?.status === 'succeeded')
}

function isDue(task: TaskState, now: Date): boolean {
  return task.status === 'retrying' && task.next !== undefined && Date.parse(task.next.at) <= now.getTime()
}

function earliest(instants: string[], now: Date): string | undefined {
  return instants.filter((at) => Date.parse(at) > now.getTime()).reduce<string | undefined>(soonest, undefined)
}

function soonest(first: string | undefined, at: string): string {
  return first === undefined ? at : sooner(first, at)
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
    if (!call || call.compensated_by || isProvedAbsent(call, situation)) continue
    const step = undoOf(call, situation).ok ? nextUndo(call, situation, now) : nextLookup(call, situation, now)
    if (step === 'no budget') break
    if (step) return step
  }
  return { do: 'finish_compensation' }
}

/** The next attempt to undo a call, or nothing once there is none. */
function nextUndo(call: CallState, situation: Situation, now: Date): Step | 'no budget' | undefined {
  const tries = [...situation.calls.values()].filter(({ compensates }) => compensates === call.call_id)
  const last = tries.at(-1)
  if (last && !last.outcome) return { do: 'pause' }
  if (last && last.next?.do !== 'retry') return undefined
  if (mayReserve(situation, 'compensation') !== true) return 'no budget'
  // What may still happen would happen after its undo.
  const certain = lastDeadline(situation, call)
  if (certain !== undefined && Date.parse(certain) > now.getTime()) return { do: 'pause', until: certain }
  if (last?.next?.do === 'retry' && Date.parse(last.next.at) > now.getTime())
    return { do: 'pause', until: last.next.at }
  return { do: 'compensate', call, attempt: tries.length + 1 }
}

/** The next attempt to find out about a call whose reply was lost, or nothing where nobody can. */
function nextLookup(call: CallState, situation: Situation, now: Date): Step | undefined {
  if (call.outcome?.status !== 'uncertain' || !lookupOf(call, situation).ok) return undefined
  if (mayReserve(situation, 'lookup') !== true) return undefined
  const since = situation.compensation?.seq ?? 0
  const last = [...situation.calls.values()].findLast(({ looks_up, seq }) => looks_up === call.call_id && seq > since)
  if (last && !last.outcome) return { do: 'pause' }
  if (!last) return { do: 'look_up', call }
  if (last.next?.do !== 'lookup') return undefined
  if (Date.parse(last.next.at) > now.getTime()) return { do: 'pause', until: last.next.at }
  return { do: 'look_up', call }
}

/** Until when an attempt under a call's key whose reply was lost may still have its effect, though a lookup found one. */
function lastDeadline({ calls }: Situation, { idempotency_key }: CallState): string | undefined {
  const lookedUp = new Set([...calls.values()].map(({ looks_up }) => looks_up))
  return [...calls.values()]
    .filter((call) => call.idempotency_key === idempotency_key)
    .filter((call) => call.outcome?.status === 'uncertain' || lookedUp.has(call.call_id))
    .map(({ deadline }) => deadline)
    .reduce<string | undefined>((last, at) => (last === undefined || sooner(last, at) === last ? at : last), undefined)
}
