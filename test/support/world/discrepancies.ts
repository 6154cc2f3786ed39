import type { CallState, Situation } from '../../../orchestrator/model/situation.ts'
import { goalServer } from '../../../orchestrator/model/sub-goals.ts'
import type { Told } from './story.ts'
import type { Trace } from './vendor.ts'
import type { World } from './world.ts'

/**
 * What the systems say against the run, one sentence each; nothing where its record tells the truth and the whole of it:
 * nothing is there twice, all that is there is a call's that may have made it, what succeeded is whole, what was undone is
 * clean, and what remains is named.
 */
export function discrepancies({
  situation,
  world,
  answered,
}: Pick<Told, 'situation' | 'world' | 'answered'>): string[] {
  const there = world
    .traces()
    .filter(({ run_id, call_id }) => run_id === situation.run_id && !isNotice(situation, call_id))
  return [
    ...restFaults(situation),
    ...duplicates(situation, world, answered),
    ...there.flatMap((trace) => accountFaults(situation, trace)),
    ...(situation.status === 'succeeded' || situation.status === 'waiting' ? missing(situation, there) : []),
    ...(situation.status === 'failed' || situation.status === 'cancelled' ? leftovers(situation, there) : []),
  ]
}

const effectName = (trace: Trace) => `${trace.system}: ${trace.label} (${trace.id}, made by ${trace.call_id})`

function restFaults({ status, waits, calls, finished }: Situation): string[] {
  const faults: string[] = []
  for (const { call_id, outcome } of calls.values()) if (!outcome) faults.push(`${call_id} never settled`)
  if (status === 'waiting' && ![...waits.values()].some(({ choices }) => choices.length > 0))
    faults.push('the run waits, and offers no choice')
  if (status !== 'waiting' && !finished) faults.push(`the run is ${status}, and neither ended nor asks anybody`)
  return faults
}

/** More of one thing than there should be: one, and one more for each time that a person asked to try what may happen twice. */
function duplicates(situation: Situation, world: World, answered: readonly string[]): string[] {
  const again = answered.filter((choice) => ['retry', 'change', 'extend'].includes(choice)).length
  const made = Map.groupBy(
    world.everMade().filter(({ run_id }) => run_id === situation.run_id),
    ({ system, label }) => `${system}: ${label}`,
  )
  return [...made].flatMap(([what, traces]) => {
    const call = situation.calls.get(traces[0]?.call_id ?? '')
    const tool = call && situation.tools[`${call.server}.${call.tool}`]
    const mayRepeat = tool?.lookup === undefined && tool?.idempotency !== 'natural'
    const most = mayRepeat ? 1 + again : 1
    return traces.length > most ? [`${what} was made ${traces.length} times`] : []
  })
}

/** What told people of trouble stays told. */
function isNotice({ calls, tasks }: Situation, callId: string): boolean {
  return tasks.get(calls.get(callId)?.task_id ?? '')?.notice === true
}

/** All attempts that share a key are one effect, whichever of them had it. */
function attemptsOf(situation: Situation, callId: string): CallState[] {
  const key = situation.calls.get(callId)?.idempotency_key
  return [...situation.calls.values()].filter(({ idempotency_key }) => idempotency_key === key)
}

/** Whether a call's outcome leaves room for an effect. */
function mayHaveDone({ outcome }: CallState): boolean {
  if (outcome?.status !== 'failed') return true
  return outcome.output !== undefined || outcome.failure.done !== undefined
}

function accountFaults(situation: Situation, trace: Trace): string[] {
  const attempts = attemptsOf(situation, trace.call_id)
  if (attempts.length === 0) return [`${effectName(trace)} is of no call in the record`]
  if (!attempts.some(mayHaveDone)) return [`${effectName(trace)} is there, and the record says that nothing was done`]
  const provedAbsent = [...situation.calls.values()].find(
    ({ looks_up, next }) =>
      attempts.some(({ call_id }) => call_id === looks_up) &&
      (next?.do === 'retry' || (next?.do === 'fail' && next.generation !== undefined)),
  )
  return provedAbsent ? [`${effectName(trace)} is there, and ${provedAbsent.call_id} found that it is not`] : []
}

/** What sub-goals made is of runs of their own. */
function isOfRuns(tool: string): boolean {
  return tool.startsWith(`${goalServer}.`)
}

/** Tasks that succeeded, and are not there or not good. */
function missing(situation: Situation, there: readonly Trace[]): string[] {
  return [...situation.tasks.values()].flatMap((task) => {
    const tool = situation.tools[task.tool]
    if (task.status !== 'succeeded' || !tool || tool.effect === 'read' || task.notice || isOfRuns(task.tool)) return []
    const keys = attemptsOf(situation, task.settled_by ?? '').map(({ call_id }) => call_id)
    const found = there.find(({ call_id }) => keys.includes(call_id))
    if (!found) return [`${task.id} succeeded, and what it made is not there`]
    return found.good ? [] : [`${task.id} succeeded, and ${effectName(found)} is not good`]
  })
}

/** After an undo: what is there and not named as remaining, and what is named and is not there. */
function leftovers(situation: Situation, there: readonly Trace[]): string[] {
  const remaining = (situation.compensation?.remaining ?? []).map(({ call_id, tool }) => ({
    call_id,
    tool,
    keys: attemptsOf(situation, call_id).map((attempt) => attempt.call_id),
  }))
  const unnamed = there.filter(({ call_id }) => !remaining.some(({ keys }) => keys.includes(call_id)))
  const absent = remaining.filter(
    ({ tool, keys }) => !isOfRuns(tool) && !there.some(({ call_id }) => keys.includes(call_id)),
  )
  return [
    ...unnamed.map(
      (trace) => `${effectName(trace)} is there after the undo (${situation.compensation?.status ?? 'none'})`,
    ),
    ...absent
      .filter(({ call_id }) => isKnown(situation, call_id))
      .map(({ call_id }) => `${call_id} is said to remain, and nothing of it is there`),
  ]
}

/** True where the record knows what a call did and that its undo did not happen. */
function isKnown(situation: Situation, callId: string): boolean {
  const undos = [...situation.calls.values()].filter(({ compensates }) => compensates === callId)
  const call = situation.calls.get(callId)
  return call?.outcome?.status !== 'uncertain' && !undos.some(({ outcome }) => outcome?.status === 'uncertain')
}
