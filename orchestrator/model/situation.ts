import type { Failure, Issue } from '../../shared/failure.ts'
import type { Json } from '../../shared/json.ts'
import type { CallOutcome } from './call.ts'
import type { ToolContract } from './catalogue.ts'
import type { Decision, Task, Usage } from './decision.ts'
import type { Draft, Event, EventData, Next } from './event.ts'
import type { Goal } from './goal.ts'
import type { RunStatus } from './run.ts'

/** Where a task is. `retrying`: an attempt failed and another is due at `retry_at`. `held`: it waits for
 * an approval. `refused`: policy or a person denied it. */
export type TaskStatus = 'pending' | 'held' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'refused'

export interface TaskState extends Task {
  revision: number
  status: TaskStatus
  /** How many attempts were made since a person last asked for another try. */
  attempts: number
  /** Rises only after a recorded lookup proved that nothing had happened. */
  generation: number
  /** The approval that a person gave, until a call uses it: for one tool and one set of arguments. */
  approval?: { wait_id: string; fingerprint: string; arguments_digest: string }
  /** What comes next while `retrying`. */
  next?: Extract<Next, { do: 'retry' | 'lookup' }>
  output?: Json
  failure?: Failure
  /** The call whose success settled the task. */
  settled_by?: string
}

export type CallState = EventData['call_intended'] & {
  seq: number
  intended_at: string
  outcome?: CallOutcome
  next?: Next
  establishes: string[]
  settled_at?: string
  started_at?: string
  /** The order in which calls settled, 1 first: undo runs it backwards. */
  settlement?: number
  /** Set once a compensation of this call succeeded. */
  compensated_by?: string
}

export interface DecisionState {
  seq: number
  at: string
  decision: Decision
  reasoner: string
  tainted: boolean
  /** Why the runtime did not accept it. */
  problems?: Issue[]
}

export type WaitState = EventData['wait_started'] & { since: string }

/** All that is known of a run: the fold of its events, and nothing else. */
export interface Situation {
  run_id: string
  tenant: string
  created_at: string
  created: EventData['run_created']
  seq: number
  status: RunStatus
  revision: number
  /** What the run may spend: the goal's budget, and what a person added to it. */
  budget: Goal['budget']
  /** Every task that has started, and every one of the current plan, in plan order. */
  tasks: Map<string, TaskState>
  /** The contracts that the accepted plans run under. */
  tools: Record<string, ToolContract>
  calls: Map<string, CallState>
  /** How many calls have settled. */
  settlements: number
  decisions: DecisionState[]
  /** Open waits. */
  waits: Map<string, WaitState>
  /** Outcomes that a person went on without. */
  waived: Set<string>
  /** For how long, all in all, the run asked people: that is no time of the run. */
  waited_ms: number
  /** Since when the run asks people without a break. */
  waiting_since?: string
  /** A person asked for the undo. */
  undo_requested?: { by: string; why: string }
  cancel_requested?: EventData['cancel_requested']
  compensation?: EventData['compensation_started'] & Partial<EventData['compensation_finished']>
  finished?: EventData['run_finished'] & { at: string }
  usage: Usage & { tool_calls: number; compensation_calls: number }
}

/** The situation that the events of one run lead to. The first must be `run_created`. */
export function fold(events: Iterable<Event>): Situation {
  let situation: Situation | undefined
  for (const event of events) {
    if (situation) apply(situation, event)
    else situation = begin(event)
  }
  if (!situation) throw new RangeError('fold: a run has at least one event')
  return situation
}

function begin(event: Event): Situation {
  if (event.type !== 'run_created') throw new TypeError(`fold: the first event is ${event.type}, not run_created`)
  return {
    run_id: event.run_id,
    tenant: event.tenant,
    created_at: event.at,
    created: event.data,
    seq: event.seq,
    status: 'queued',
    revision: 0,
    budget: { ...event.data.goal.budget },
    tasks: new Map(),
    tools: {},
    calls: new Map(),
    settlements: 0,
    decisions: [],
    waits: new Map(),
    waived: new Set(),
    waited_ms: 0,
    usage: { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0, tool_calls: 0, compensation_calls: 0 },
  }
}

/**
 * Takes one more event into the situation, in place. Also takes drafts with the place that they are about to get, so that
 * what follows from an event can be recorded in the same append; who does so discards the situation if the append fails.
 */
export function apply(situation: Situation, event: Draft & Pick<Event, 'seq' | 'at'>): void {
  situation.seq = event.seq
  switch (event.type) {
    case 'run_created':
      throw new TypeError(`fold: a second run_created at ${event.seq}`)
    case 'decision_made':
      if (situation.status === 'queued') situation.status = 'running'
      addUsage(situation.usage, event.data.usage)
      situation.decisions.push({
        seq: event.seq,
        at: event.at,
        decision: event.data.decision,
        reasoner: event.data.reasoner,
        tainted: event.data.tainted,
      })
      return
    case 'decision_refused': {
      const refused = situation.decisions.find(({ seq }) => seq === event.data.decision_seq)
      if (refused) refused.problems = event.data.problems
      return
    }
    case 'plan_accepted':
      acceptPlan(situation, event.data)
      return
    case 'call_intended':
      intend(situation, event)
      return
    case 'call_settled':
      settle(situation, event.data)
      return
    case 'task_refused': {
      const task = taskIn(situation, event.data.task_id)
      task.status = 'refused'
      task.failure = event.data.failure
      return
    }
    case 'wait_started':
      startWait(situation, { ...event.data, since: event.at })
      return
    case 'wait_ended':
      endWait(situation, event.data, event.at)
      return
    case 'cancel_requested':
      situation.cancel_requested = event.data
      return
    case 'compensation_started':
      situation.compensation = { ...event.data }
      situation.waits.clear()
      situation.status = 'compensating'
      return
    case 'compensation_finished':
      if (situation.compensation) Object.assign(situation.compensation, event.data)
      return
    case 'run_finished':
      situation.finished = { ...event.data, at: event.at }
      situation.status = event.data.status
      return
    case 'system_noted':
      return
  }
}

function addUsage(total: Usage, usage: Usage): void {
  total.model_calls += usage.model_calls
  total.input_tokens += usage.input_tokens
  total.output_tokens += usage.output_tokens
  total.cost_usd += usage.cost_usd
}

function acceptPlan(situation: Situation, { revision, tasks, tools }: EventData['plan_accepted']): void {
  situation.revision = revision
  Object.assign(situation.tools, tools)
  for (const [id, task] of situation.tasks) if (task.status === 'pending') situation.tasks.delete(id)
  for (const task of tasks) {
    situation.tasks.set(task.id, { ...task, revision, status: 'pending', attempts: 0, generation: 0 })
  }
}

function intend(
  situation: Situation,
  event: Extract<Draft, { type: 'call_intended' }> & Pick<Event, 'seq' | 'at'>,
): void {
  const { data } = event
  situation.calls.set(data.call_id, { ...data, seq: event.seq, intended_at: event.at, establishes: [] })
  if (data.purpose === 'compensation') situation.usage.compensation_calls += data.reservation.tool_calls
  else situation.usage.tool_calls += data.reservation.tool_calls
  restOrRun(situation)
  if (data.purpose === 'compensation') return
  const task = taskIn(situation, data.task_id)
  task.status = 'running'
  delete task.next
  delete task.approval
  if (data.purpose === 'task') task.attempts = data.attempt
  task.generation = data.generation
}

function settle(situation: Situation, data: EventData['call_settled']): void {
  const call = situation.calls.get(data.call_id)
  if (!call) throw new RangeError(`fold: call ${data.call_id} settled and was never intended`)
  call.outcome = data.outcome
  call.next = data.next
  call.establishes = data.establishes
  call.started_at = data.started_at
  call.settled_at = data.settled_at
  situation.settlements += 1
  restOrRun(situation)
  call.settlement = situation.settlements
  if (call.purpose === 'compensation') {
    const undone = call.compensates === undefined ? undefined : situation.calls.get(call.compensates)
    if (undone && data.outcome.status === 'succeeded') undone.compensated_by = call.call_id
    return
  }
  if (isAnswerToKey(data, situation, call)) {
    for (const other of situation.calls.values()) {
      if (other.idempotency_key === call.idempotency_key && other.outcome?.status === 'uncertain')
        other.outcome = data.outcome
    }
  }
  const task = taskIn(situation, call.task_id)
  if (data.next.do === 'retry' || data.next.do === 'lookup') {
    task.status = 'retrying'
    task.next = data.next
    if (data.next.do === 'retry') task.generation = data.next.generation
  } else if (data.outcome.status === 'succeeded' && data.next.do === 'nothing') {
    // What a lookup found is what the uncertain call did: the call stands as if its reply had arrived.
    const original = call.looks_up === undefined ? call : (situation.calls.get(call.looks_up) ?? call)
    original.outcome = data.outcome
    original.establishes = data.establishes
    task.status = 'succeeded'
    task.output = data.outcome.output
    task.settled_by = original.call_id
    delete task.failure
    return
  } else {
    task.status = 'failed'
    if (data.next.do === 'fail' && data.next.generation !== undefined) task.generation = data.next.generation
    const original = call.looks_up === undefined ? undefined : situation.calls.get(call.looks_up)
    // It was found, and is not as its tool promises: an effect all the same, which an undo has to take back.
    if (original && data.outcome.status === 'failed' && data.outcome.output !== undefined)
      original.outcome = data.outcome
  }
  if (data.outcome.status !== 'succeeded') task.failure = data.outcome.failure
}

/** A vendor that keeps keys answers a repeat as it answered first: its no is the answer to every attempt under the key. */
function isAnswerToKey({ outcome }: EventData['call_settled'], { tools }: Situation, call: CallState): boolean {
  const idempotency = tools[`${call.server}.${call.tool}`]?.idempotency
  if (typeof idempotency !== 'object' || outcome.status !== 'failed') return false
  return outcome.failure.kind === 'declined' && outcome.output === undefined && outcome.failure.done === undefined
}

/** A run waits while something is asked and nothing is under way. */
function restOrRun(situation: Situation): void {
  if (situation.status !== 'running' && situation.status !== 'waiting') return
  const underWay = situation.calls.size > situation.settlements
  situation.status = situation.waits.size > 0 && !underWay ? 'waiting' : 'running'
}

function startWait(situation: Situation, wait: WaitState): void {
  situation.waits.set(wait.wait_id, wait)
  situation.waiting_since ??= wait.since
  if (wait.for === 'approval' && wait.task_id !== undefined) taskIn(situation, wait.task_id).status = 'held'
  restOrRun(situation)
}

function decideApproval(
  situation: Situation,
  { wait_id, task_id, approval }: WaitState,
  { choice, by, why }: { choice: string; by: string; why: string | undefined },
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
}

function endWait(situation: Situation, { wait_id, choice, by, why }: EventData['wait_ended'], at: string): void {
  const wait = situation.waits.get(wait_id)
  if (!wait) return
  situation.waits.delete(wait_id)
  if (situation.waits.size === 0) {
    situation.waited_ms += Math.max(0, Date.parse(at) - Date.parse(situation.waiting_since ?? at))
    delete situation.waiting_since
  }
  restOrRun(situation)
  if (wait.for === 'approval') decideApproval(situation, wait, { choice, by, why })
  // What the runtime offers is about facts; the choices of any other question are the reasoner's own words.
  if (wait.facts.length === 0) return
  if (choice === 'extend') extendBudget(situation)
  if (choice === 'retry' || choice === 'extend') {
    for (const task of situation.tasks.values()) {
      if (task.notice || (task.status !== 'failed' && task.status !== 'refused')) continue
      task.status = 'pending'
      task.attempts = 0
      delete task.failure
      if (wasRefused(situation, task)) task.generation += 1
    }
  }
  if (choice === 'accept') for (const fact of wait.facts) situation.waived.add(fact)
  if (choice === 'undo') situation.undo_requested = { by, why: why ?? 'a person asked for the undo' }
}

/**
 * Vendors replay a stored refusal under its key. Where every attempt under the key was refused, another key is safe; what
 * is uncertain, or happened and is not as its tool promises, keeps its key.
 */
function wasRefused(situation: Situation, { id, generation }: TaskState): boolean {
  const attempts = [...situation.calls.values()].filter(
    (call) => call.task_id === id && call.purpose === 'task' && call.generation === generation,
  )
  const isRefusal = ({ outcome }: CallState) =>
    outcome?.status === 'failed' && outcome.output === undefined && outcome.failure.done === undefined
  return attempts.length > 0 && attempts.every(isRefusal)
}

/** Once more what the goal gave, of all that can run out before a person looks. */
function extendBudget({ budget, created }: Situation): void {
  for (const limit of ['tool_calls', 'revisions', 'wall_clock_s'] as const) budget[limit] += created.goal.budget[limit]
}

function taskIn(situation: Situation, id: string): TaskState {
  const task = situation.tasks.get(id)
  if (!task) throw new RangeError(`fold: there is no task ${id} in run ${situation.run_id}`)
  return task
}
