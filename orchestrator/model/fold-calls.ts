import { addUsage } from './decision.ts'
import type { Draft, Event, EventData, Reservation } from './event.ts'
import { settleGroup } from './fan-out.ts'
import { closeWait, restOrRun } from './fold-waits.ts'
import type { CallState, Situation } from './situation.ts'
import { taskIn } from './task-in.ts'

/** Takes an intent into the situation: the call is under way, and its reservation is taken. */
export function intendCall(
  situation: Situation,
  event: Extract<Draft, { type: 'call_intended' }> & Pick<Event, 'seq' | 'at'>,
): void {
  const { data } = event
  situation.calls.set(data.call_id, { ...data, seq: event.seq, intended_at: event.at, establishes: [] })
  situation.unsettled.add(data.call_id)
  reserve(situation, data)
  restOrRun(situation)
  const task = situation.tasks.get(data.task_id)
  task?.calls.push(data.call_id)
  if (data.purpose === 'compensation' || situation.compensation) return
  const started = taskIn(situation, data.task_id)
  started.status = 'running'
  delete started.next
  delete started.approval
  if (data.purpose === 'task') started.attempts = data.attempt
  started.generation = data.generation
}

/** A call is spent when it is intended. What the run of a sub-goal may spend is set aside until it has ended. */
function reserve({ usage, reserved }: Situation, { purpose, reservation }: EventData['call_intended']): void {
  if (isSlice(reservation)) add(reserved, reservation, 1)
  else if (purpose === 'compensation') usage.compensation_calls += reservation.tool_calls
  else usage.tool_calls += reservation.tool_calls
}

function isSlice(reservation: Reservation): boolean {
  return reservation.compensation_calls !== undefined
}

function add(total: Required<Reservation>, reservation: Reservation, sign: 1 | -1): void {
  for (const limit of ['tool_calls', 'compensation_calls', 'model_calls', 'tokens', 'cost_usd'] as const)
    total[limit] += sign * (reservation[limit] ?? 0)
}

/** Takes the settlement of a call into the situation: what it means for its task, and for the call that it undoes or looks up. */
export function settleCall(situation: Situation, data: EventData['call_settled'], at: string): void {
  const call = situation.calls.get(data.call_id)
  if (!call) throw new RangeError(`fold: call ${data.call_id} settled and was never intended`)
  situation.unsettled.delete(data.call_id)
  situation.settlements += 1
  Object.assign(call, {
    outcome: data.outcome,
    next: data.next,
    establishes: data.establishes,
    started_at: data.started_at,
    settled_at: data.settled_at,
    egress: data.egress,
    settlement: situation.settlements,
  })
  release(situation, call, data.spent)
  // What a sub-goal asked is answered once its run has ended.
  for (const wait of situation.waits.values()) if (wait.call_id === call.call_id) closeWait(situation, wait, at)
  restOrRun(situation)
  if (call.purpose === 'compensation') {
    const undone = call.compensates === undefined ? undefined : situation.calls.get(call.compensates)
    if (undone && data.outcome.status === 'succeeded') undone.compensated_by = call.call_id
    return
  }
  if (isAnswerToKey(situation, call, data)) answerKey(situation, call)
  if (situation.compensation) {
    settleLookup(situation, call, data)
    return
  }
  if (data.outcome.status === 'succeeded' && data.next.do === 'nothing') succeed(situation, call, data)
  else fail(situation, call, data)
  settleGroup(situation, taskIn(situation, call.task_id))
}

/** A vendor that keeps keys answers a repeat as it answered first: its no is the answer to every attempt under the key. */
function isAnswerToKey({ tools }: Situation, call: CallState, { outcome }: EventData['call_settled']): boolean {
  const idempotency = tools[`${call.server}.${call.tool}`]?.idempotency
  if (typeof idempotency !== 'object' || outcome.status !== 'failed') return false
  return outcome.failure.kind === 'declined' && outcome.output === undefined && outcome.failure.done === undefined
}

function answerKey({ tasks, calls }: Situation, { task_id, idempotency_key, outcome }: CallState): void {
  for (const id of tasks.get(task_id)?.calls ?? []) {
    const other = calls.get(id)
    if (outcome && other?.idempotency_key === idempotency_key && other.outcome?.status === 'uncertain')
      other.outcome = outcome
  }
}

function release(
  { usage, reserved }: Situation,
  { reservation }: CallState,
  spent: EventData['call_settled']['spent'],
): void {
  if (isSlice(reservation)) add(reserved, reservation, -1)
  if (!spent) return
  addUsage(usage, spent)
  usage.tool_calls += spent.tool_calls
  usage.compensation_calls += spent.compensation_calls
}

function succeed(situation: Situation, call: CallState, { outcome, establishes }: EventData['call_settled']): void {
  if (outcome.status !== 'succeeded') return
  // What a lookup found is what the uncertain call did: the call stands as if its reply had arrived.
  const original = lookedUp(situation, call) ?? call
  original.outcome = outcome
  original.establishes = establishes
  const task = taskIn(situation, call.task_id)
  task.status = 'succeeded'
  task.output = outcome.output
  task.settled_by = original.call_id
  delete task.failure
}

function fail(situation: Situation, call: CallState, { outcome, next }: EventData['call_settled']): void {
  const task = taskIn(situation, call.task_id)
  if (outcome.status !== 'succeeded') task.failure = outcome.failure
  if (next.do === 'retry' || next.do === 'lookup') {
    task.status = 'retrying'
    task.next = next
    if (next.do === 'retry') task.generation = next.generation
    return
  }
  task.status = 'failed'
  if (next.do === 'fail' && next.generation !== undefined) task.generation = next.generation
  const original = lookedUp(situation, call)
  // It was found, and is not as its tool promises: an effect all the same, which an undo has to take back.
  if (original && outcome.status === 'failed' && outcome.output !== undefined) original.outcome = outcome
}

/** While a run is being undone, a lookup only says what there is to undo. */
function settleLookup(situation: Situation, call: CallState, { outcome }: EventData['call_settled']): void {
  const original = lookedUp(situation, call)
  if (original && outcome.status === 'succeeded') original.outcome = outcome
}

function lookedUp(situation: Situation, { looks_up }: CallState): CallState | undefined {
  return looks_up === undefined ? undefined : situation.calls.get(looks_up)
}
