import type { Failure, Issue } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { CallOutcome, Provenance } from './call.ts'
import type { ToolContract } from './catalogue.ts'
import { addUsage, type Decision, type Task, type Usage } from './decision.ts'
import type { EgressRecord } from './egress.ts'
import type { Draft, Event, EventData, Next, Reservation } from './event.ts'
import { settleGroup, startGroup } from './fan-out.ts'
import { intendCall, settleCall } from './fold-calls.ts'
import { inherit } from './fold-inherited.ts'
import { askModel, settleModel } from './fold-model-calls.ts'
import { endWait, restOrRun, startWait } from './fold-waits.ts'
import { type Budget, budgetSchema } from './goal.ts'
import type { ModelReservation } from './model-call.ts'
import type { RunStatus } from './run.ts'
import { taskIn } from './task-in.ts'

/** Where a task is. `retrying`: an attempt failed and another is due. `held`: it waits for an approval or an instant.
 * `refused`: policy or a person denied it. A task of `for_each` is `running` while its items are under way. */
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
  /** The call attempts, lookups and undos made for it. */
  calls: string[]
  /** Of an item: the task of `for_each` that it is a part of. */
  item_of?: string
  /** Of a task of `for_each` that met its list: how many items it has. */
  items?: number
  /** Its delay is over. */
  delayed?: boolean
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
  /** What it did on the network, or was refused. */
  egress?: EgressRecord[]
  /** The order in which calls settled, 1 first: undo runs it backwards. */
  settlement?: number
  /** Made by the run that this one was forked from: evidence here, and not to be undone. */
  inherited?: boolean
  /** Set once a compensation of this call succeeded. */
  compensated_by?: string
}

export interface DecisionState {
  seq: number
  at: string
  decision: Decision
  reasoner: string
  tainted: boolean
  /** A plan came of it, which the run goes by. */
  accepted?: true
  /** Why the runtime did not accept it. */
  problems?: Issue[]
}

export type WaitState = EventData['wait_started'] & { since: string }

/** What a person answered to a question of the reasoner, or of the runtime. */
export interface AnswerState {
  seq: number
  question: string
  choice: string
  by: string
  why?: string
}

/** All that is known of a run: the fold of its events, and nothing else. */
export interface Situation {
  run_id: string
  tenant: string
  created_at: string
  created: EventData['run_created']
  /** The run's input: as it was given, or as a person changed it since. */
  input: JsonObject
  /** Where those leaves of it came from that whoever started the run did not give. */
  input_provenance: Provenance
  seq: number
  status: RunStatus
  revision: number
  /** What the run may spend: the goal's budget, and what a person added to it. */
  budget: Budget
  /** Every task that has started, and every one of the current plan, in plan order. */
  tasks: Map<string, TaskState>
  /** The contracts that the accepted plans run under. */
  tools: Record<string, ToolContract>
  calls: Map<string, CallState>
  /** The calls that were recorded and have not settled. */
  unsettled: Set<string>
  /** How many calls have settled. */
  settlements: number
  decisions: DecisionState[]
  /** Open waits. */
  waits: Map<string, WaitState>
  /** What people answered so far, in order. */
  answers: AnswerState[]
  /** Calls of a model that have not settled: what each set aside. */
  modelCalls: Map<string, ModelReservation>
  /** Outcomes that a person went on without. */
  waived: Set<string>
  /** For how long, all in all, the run asked people: that is no time of the run. */
  waited_ms: number
  /** Since when the run asks people without a break. */
  waiting_since?: string
  /** A person asked for the undo. */
  undo_requested?: { by: string; why: string }
  cancel_requested?: EventData['cancel_requested']
  compensation?: EventData['compensation_started'] & Partial<EventData['compensation_finished']> & { seq: number }
  finished?: EventData['run_finished'] & { at: string }
  usage: Usage & { tool_calls: number; compensation_calls: number }
  /** What runs of sub-goals that are under way may still spend. */
  reserved: Required<Reservation>
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
    input: event.data.input,
    input_provenance: event.data.input_provenance ?? {},
    seq: event.seq,
    status: 'queued',
    revision: 0,
    // A journal of an earlier release has no limit for what it did not know.
    budget: budgetSchema.parse(event.data.goal.budget),
    tasks: new Map(),
    tools: {},
    calls: new Map(),
    unsettled: new Set(),
    settlements: 0,
    decisions: [],
    waits: new Map(),
    answers: [],
    modelCalls: new Map(),
    waived: new Set(),
    waited_ms: 0,
    usage: { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0, tool_calls: 0, compensation_calls: 0 },
    reserved: { tool_calls: 0, compensation_calls: 0, model_calls: 0, tokens: 0, cost_usd: 0 },
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
    case 'work_inherited':
      inherit(situation, event.data, event)
      return
    case 'model_asked':
      if (situation.status === 'queued') situation.status = 'running'
      askModel(situation, event.data)
      return
    case 'model_answered':
      settleModel(situation, event.data)
      return
    case 'decision_made':
      if (situation.status === 'queued') situation.status = 'running'
      if (!event.data.model_calls) addUsage(situation.usage, event.data.usage)
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
    case 'task_fanned_out':
      startGroup(situation, taskIn(situation, event.data.task_id), event.data.items)
      return
    case 'call_intended':
      intendCall(situation, event)
      return
    case 'call_settled':
      settleCall(situation, event.data, event.at)
      return
    case 'task_refused': {
      const task = taskIn(situation, event.data.task_id)
      task.status = 'refused'
      task.failure = event.data.failure
      settleGroup(situation, task)
      return
    }
    case 'wait_started':
      startWait(situation, { ...event.data, since: event.at })
      return
    case 'wait_ended':
      endWait(situation, event.data, event)
      return
    case 'cancel_requested':
      situation.cancel_requested = event.data
      reopen(situation)
      return
    case 'compensation_started':
      situation.compensation = { ...event.data, seq: event.seq }
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

/** The success of a sub-goal is for its parent to keep: when the parent is undone, so is it. */
function reopen(situation: Situation): void {
  if (situation.finished?.status !== 'succeeded') return
  delete situation.finished
  situation.status = 'running'
  restOrRun(situation)
}

function acceptPlan(situation: Situation, { revision, tasks, tools }: EventData['plan_accepted']): void {
  situation.revision = revision
  const decided = situation.decisions.at(-1)
  if (decided) decided.accepted = true
  Object.assign(situation.tools, tools)
  for (const [id, task] of situation.tasks) {
    if (task.status === 'pending' && task.item_of === undefined) situation.tasks.delete(id)
  }
  for (const task of tasks) {
    situation.tasks.set(task.id, { ...task, revision, status: 'pending', attempts: 0, generation: 0, calls: [] })
  }
}
