import type { EventData } from './event.ts'
import { settleGroup } from './fan-out.ts'
import { afterChange } from './input-provenance.ts'
import type { CallState, Situation, TaskState, WaitState } from './situation.ts'
import { taskIn } from './task-in.ts'

/** A run waits while something is asked and nothing is under way. A sub-goal that itself waits is not under way. */
export function restOrRun(situation: Situation): void {
  if (situation.status !== 'running' && situation.status !== 'waiting') return
  situation.status = situation.waits.size > 0 && callsUnderWay(situation) === 0 ? 'waiting' : 'running'
}

/** How many calls have not settled, without those of sub-goals whose runs wait. */
export function callsUnderWay({ unsettled, waits }: Situation): number {
  return unsettled.size - [...waits.values()].filter(({ call_id }) => call_id !== undefined).length
}

/** Takes a wait into the situation; the task that waits for an approval or an instant is held. */
export function startWait(situation: Situation, wait: WaitState): void {
  situation.waits.set(wait.wait_id, wait)
  situation.waiting_since ??= wait.since
  if ((wait.for === 'approval' || wait.for === 'timer') && wait.task_id !== undefined)
    taskIn(situation, wait.task_id).status = 'held'
  restOrRun(situation)
}

/** Takes the end of a wait into the situation, and what its answer means. */
export function endWait(
  situation: Situation,
  ended: EventData['wait_ended'],
  { seq, at }: { seq: number; at: string },
): void {
  const wait = situation.waits.get(ended.wait_id)
  if (!wait) return
  if (wait.for === 'answer') {
    const { choice, by, why } = ended
    situation.answers.push({ seq, question: wait.question, choice, by, ...(why === undefined ? {} : { why }) })
  }
  closeWait(situation, wait, at)
  if (wait.for === 'approval') decideApproval(situation, wait, ended)
  if (wait.for === 'timer' && wait.task_id !== undefined) endDelay(taskIn(situation, wait.task_id))
  // What the runtime offers has its meaning; the choices of any other question are the reasoner's own words.
  if (wait.facts.length > 0 || wait.about !== undefined) takeAnswer(situation, wait, ended)
}

/** Nobody is asked any more, whatever the answer was. */
export function closeWait(situation: Situation, { wait_id }: WaitState, at: string): void {
  situation.waits.delete(wait_id)
  if (situation.waits.size === 0) {
    situation.waited_ms += Math.max(0, Date.parse(at) - Date.parse(situation.waiting_since ?? at))
    delete situation.waiting_since
  }
  restOrRun(situation)
}

function endDelay(task: TaskState): void {
  task.status = 'pending'
  task.delayed = true
}

function decideApproval(
  situation: Situation,
  { wait_id, task_id, approval }: WaitState,
  { choice, by, why }: EventData['wait_ended'],
): void {
  if (task_id === undefined || !approval) return
  const task = taskIn(situation, task_id)
  if (choice === 'approve') {
    const { fingerprint, arguments_digest } = approval
    task.status = 'pending'
    task.approval = { wait_id, fingerprint, arguments_digest }
    return
  }
  task.status = 'refused'
  task.failure = { kind: 'denied', message: `${by} denied it${why === undefined ? '' : `: ${why}`}` }
  settleGroup(situation, task)
}

function takeAnswer(situation: Situation, wait: WaitState, { choice, by, why, input }: EventData['wait_ended']): void {
  switch (choice) {
    case 'extend':
      extendBudget(situation)
      tryAgain(situation)
      return
    case 'change':
      changeInput(situation, input ?? situation.input)
      tryAgain(situation)
      return
    case 'retry':
      tryAgain(situation)
      return
    case 'accept':
      for (const fact of wait.facts) situation.waived.add(fact)
      return
    case 'undo':
      situation.undo_requested = { by, why: why ?? 'a person asked for the undo' }
  }
}

function changeInput(situation: Situation, input: Situation['input']): void {
  situation.input_provenance = afterChange(situation.input_provenance, situation.input, input)
  situation.input = input
}

function tryAgain(situation: Situation): void {
  for (const task of situation.tasks.values()) {
    if (task.notice || (task.status !== 'failed' && task.status !== 'refused')) continue
    delete task.failure
    if (task.items !== undefined) {
      task.status = 'running'
      continue
    }
    task.status = 'pending'
    task.attempts = 0
    if (wasRefused(situation, task)) task.generation += 1
  }
}

/**
 * Vendors replay a stored refusal under its key. Where every attempt under the key was refused, another key is safe; what
 * is uncertain, or left something behind, or happened and is not as its tool promises, keeps its key.
 */
function wasRefused({ calls }: Situation, task: TaskState): boolean {
  const attempts = task.calls
    .flatMap((id) => calls.get(id) ?? [])
    .filter(({ purpose, generation }) => purpose === 'task' && generation === task.generation)
  const isRefusal = ({ outcome }: CallState) =>
    outcome?.status === 'failed' &&
    outcome.output === undefined &&
    (outcome.failure.done === undefined || outcome.failure.kind === 'declined')
  return attempts.length > 0 && attempts.every(isRefusal)
}

/** Once more what the goal gave, of all that can run out before a person looks. */
function extendBudget({ budget, created }: Situation): void {
  const limits = ['tool_calls', 'revisions', 'wall_clock_s', 'model_calls', 'tokens', 'cost_usd'] as const
  for (const limit of limits) budget[limit] += created.goal.budget[limit] ?? 0
}
