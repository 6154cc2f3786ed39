import type { Failure, Issue } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { CallOutcome, CallPurpose, Provenance, Verdict } from './call.ts'
import type { ToolContract } from './catalogue.ts'
import type { Decision, Task, Usage } from './decision.ts'
import type { EgressRecord } from './egress.ts'
import type { Goal } from './goal.ts'
import type { ModelQuestion, ModelResult } from './model-call.ts'

/** Where Remit acts: on emulators, or on real vendors. */
export type Mode = 'emulated' | 'live'

/**
 * What comes after a call: nothing, another attempt at an instant, a lookup, or the task has failed. A lookup that proved
 * that nothing had happened gives the next generation, for which another key is safe.
 */
export type Next =
  | { do: 'nothing' }
  | { do: 'retry'; at: string; generation: number }
  | { do: 'lookup'; at: string }
  | { do: 'fail'; generation?: number }

/** The run that a run is a part of: the call that started it, and how many runs are above it. */
export interface Parent {
  run_id: string
  call_id: string
  depth: number
  /** Whoever decided to start it had seen untrusted output. */
  tainted?: true
}

/** What an intent sets aside: one call, or what the run of a sub-goal may spend. */
export interface Reservation {
  tool_calls: number
  compensation_calls?: number
  model_calls?: number
  tokens?: number
  cost_usd?: number
}

/** What the run of a sub-goal did spend of its reservation. */
export type Spent = Usage & { tool_calls: number; compensation_calls: number }

/** A task that had succeeded in the run that another was forked from. */
export type InheritedTask = Task & {
  output: Json
  settled_by?: string
  item_of?: string
  items?: number
}

/** The call that settled such a task: evidence, and not the new run's to undo. */
export type InheritedCall = Omit<EventData['call_intended'], 'reservation'> & {
  output: Json
  establishes: string[]
  started_at: string
  settled_at: string
}

/** What a person may answer while a run waits. */
export interface Choice {
  choice: string
  title: string
}

/** The kinds of event and what each holds. Adding a kind or an optional field is fine; changing one takes a new `v`. */
export interface EventData {
  run_created: {
    goal: Goal
    input: JsonObject
    mode: Mode
    /** On whose behalf it acts; absent in journals of the first release. */
    principal?: string
    reasoner: string
    /** Where each leaf of the input came from that whoever started the run did not give; absent where there is none. */
    input_provenance?: Provenance
    /** Digests of what the run was created under. */
    digests: { goal: string; catalogue: string; policy: string; reasoner: string }
    parent?: Parent
  }
  /** A run that was forked from another starts with what stood there: tasks that had succeeded, and their calls. */
  work_inherited: {
    from: { run_id: string; seq: number }
    tasks: InheritedTask[]
    calls: InheritedCall[]
    tools: Record<string, ToolContract>
  }
  /** A model is about to be asked what to do; `reservation` is set aside until that settles. */
  model_asked: ModelQuestion & { model_call_id: string }
  model_answered: ModelResult & { model_call_id: string }
  /** `usage` is what it cost in all; where models were asked, the run was charged as each of them answered. */
  decision_made: {
    decision: Decision
    reasoner: string
    tainted: boolean
    usage: Usage
    duration_ms: number
    model_calls?: string[]
  }
  /** The runtime did not accept the decision made at `decision_seq`. */
  decision_refused: { decision_seq: number; problems: Issue[] }
  /** `tasks` are all that had not started; `tools` holds the contract of every tool they use, and of its undo and lookup. */
  plan_accepted: { revision: number; tasks: Task[]; tools: Record<string, ToolContract> }
  /** A task of `for_each` met its list: it is `items` tasks now, `<id>/0` and on. */
  task_fanned_out: { task_id: string; items: number }
  call_intended: {
    call_id: string
    /** The task this call is for, or whose call it undoes or looks up. */
    task_id: string
    purpose: CallPurpose
    server: string
    tool: string
    fingerprint: string
    arguments: JsonObject
    arguments_digest: string
    provenance: Provenance
    verdict: Verdict
    attempt: number
    generation: number
    idempotency_key: string
    deadline: string
    reservation: Reservation
    traceparent: string
    /** The call that this one undoes. */
    compensates?: string
    /** The uncertain call that this one looks up. */
    looks_up?: string
    approval_id?: string
  }
  call_settled: {
    call_id: string
    outcome: CallOutcome
    /** What is true now because of this call. */
    establishes: string[]
    next: Next
    era?: string
    started_at: string
    settled_at: string
    egress: EgressRecord[]
    /** Of a sub-goal: what its run spent; the rest of its reservation is free again. */
    spent?: Spent
  }
  /** The task may not run, or its arguments do not fit; nothing was called. */
  task_refused: {
    task_id: string
    tool: string
    verdict: Verdict
    failure: Failure
    arguments_digest: string
    provenance: Provenance
  }
  wait_started: {
    wait_id: string
    for: 'approval' | 'answer' | 'timer' | 'child'
    question: string
    choices: Choice[]
    /** The outcomes that cannot be had, when that is what the wait is about. */
    facts: string[]
    /** What the runtime itself asks about: a goal that is stuck, or a plan that its reasoner is not sure of. */
    about?: 'trouble' | 'plan'
    task_id?: string
    /** RFC 3339: after it, `otherwise` counts as answered; an approval counts as denied. */
    until?: string
    otherwise?: string
    /** The call of a sub-goal whose run waits. */
    call_id?: string
    child_run?: string
    /** What exactly an approval would let happen; it holds for nothing else. */
    approval?: {
      tool: string
      fingerprint: string
      arguments: JsonObject
      arguments_digest: string
      verdict: Verdict
      /** Of run, task, tool, fingerprint and arguments; absent in journals of the first release. */
      digest?: string
    }
  }
  /** `input` is what a person put in the place of the run's input; sensitive leaves are sealed. */
  wait_ended: { wait_id: string; choice: string; by: string; why?: string; input?: JsonObject }
  /** Also ends a run that had succeeded, when the run that it is a part of is undone. */
  cancel_requested: { by: string; why?: string }
  /** From here on nothing of the plan starts; `calls` are undone in this order. */
  compensation_started: { reason: string; calls: string[] }
  compensation_finished: {
    status: 'complete' | 'partial' | 'none'
    remaining: { call_id: string; tool: string; why: string }[]
  }
  run_finished: {
    status: 'succeeded' | 'failed' | 'cancelled'
    outcomes: { fact: string; established_by: string }[]
    result: Json
    error?: { code: string; message: string; issues?: Issue[] }
  }
  /** Not of a run, but of the `system` stream: a configuration loaded, a pin accepted, a policy changed. */
  system_noted: { what: string; details: Json }
}

export type EventType = keyof EventData

/** An event before the journal gave it a place: kind and content. */
export type Draft = { [Type in EventType]: { type: Type; data: EventData[Type] } }[EventType]

/** One row of the append-only record. */
export type Event = Draft & {
  run_id: string
  seq: number
  v: number
  /** RFC 3339 with milliseconds, UTC. */
  at: string
  prev_hash: string
  hash: string
  tenant: string
}

/** The stream of what no run owns. */
export const systemStream = '00000000-0000-7000-8000-000000000000'

/** `draft('run_finished', {…})`, checked against {@link EventData}. */
export function draft<Type extends EventType>(type: Type, data: EventData[Type]): Extract<Draft, { type: Type }> {
  return { type, data } as Extract<Draft, { type: Type }>
}
