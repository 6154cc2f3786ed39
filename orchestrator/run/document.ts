import type { Json } from '../../shared/json.ts'
import type { EgressRecord } from '../model/egress.ts'
import type { EventData, Parent } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import { redactSealed } from '../model/seal.ts'
import type { CallState, Situation, TaskState, WaitState } from '../model/situation.ts'
import { type SubRun, subRunsOf } from '../model/sub-runs.ts'

/** One run as `show --json`, `run --json` and `GET /v1/runs/:id` print it. Field names are an interface: keep them. */
export interface RunDocument {
  run_id: string
  goal: string
  status: RunStatus
  outcomes: { fact: string; established_by: string }[]
  plan: { revision: number; tasks: Pick<TaskState, 'id' | 'tool' | 'status' | 'after'>[] }
  calls: CallDocument[]
  approvals: ApprovalDocument[]
  /** The runs of sub-goals. */
  children: SubRun[]
  /** The run that this one is a part of. */
  parent?: Parent
  /** Of several waits, the one that a person can answer here and now. */
  waiting?: WaitDocument
  usage: Situation['usage']
  result: Json
  error?: NonNullable<EventData['run_finished']['error']>
  compensation?: 'complete' | 'partial' | 'none'
}

/** What is asked. Of a sub-goal that asks, the choices are those of its own run. */
export interface WaitDocument {
  for: WaitState['for']
  question: string
  choices: EventData['wait_started']['choices']
  /** RFC 3339: after it, `otherwise` counts as answered; an approval counts as denied. */
  until?: string
  otherwise?: string
  task_id?: string
  child_run?: string
}

export interface CallDocument {
  call_id: string
  task_id: string
  server: string
  tool: string
  attempt: number
  status: 'intended' | 'succeeded' | 'failed' | 'uncertain'
  failure_kind?: string
  idempotency_key: string
  started_at?: string
  settled_at?: string
  compensates?: string
  /** What it did on the network, or was refused; absent where there was nothing. */
  egress?: EgressRecord[]
}

/**
 * The document of a situation. Sealed values show as `[sealed]`. Runs of sub-goals stand as their own records say, where
 * those are given by run, and otherwise as this run's record does, which hears of them later.
 */
export function documentOf(situation: Situation, others: ReadonlyMap<string, Situation> = new Map()): RunDocument {
  const { finished, compensation } = situation
  const { parent } = situation.created
  const wait = firstToAnswer([...situation.waits.values()])
  return {
    run_id: situation.run_id,
    goal: situation.created.goal.goal,
    status: situation.status,
    outcomes: finished?.outcomes ?? [],
    plan: {
      revision: situation.revision,
      tasks: [...situation.tasks.values()].map(({ id, tool, status, after }) => ({ id, tool, status, after })),
    },
    calls: [...situation.calls.values()].map(callDocument),
    approvals: [...situation.waits.values()].flatMap((open) =>
      open.for === 'approval' ? [approvalDocument(open)] : [],
    ),
    children: subRunsOf(situation).map((run) => ({ ...run, status: others.get(run.run_id)?.status ?? run.status })),
    ...(parent ? { parent } : {}),
    ...(wait ? { waiting: waitDocument(wait) } : {}),
    usage: situation.usage,
    result: redactSealed(finished?.result ?? {}),
    ...(finished?.error ? { error: finished.error } : {}),
    ...(compensation?.status ? { compensation: compensation.status } : {}),
  }
}

const order: WaitState['for'][] = ['answer', 'approval', 'child', 'timer']

function firstToAnswer(waits: readonly WaitState[]): WaitState | undefined {
  return waits.toSorted((a, b) => order.indexOf(a.for) - order.indexOf(b.for))[0]
}

function waitDocument({ for: kind, question, choices, until, otherwise, task_id, child_run }: WaitState): WaitDocument {
  return {
    for: kind,
    question,
    choices,
    ...(until === undefined ? {} : { until }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(task_id === undefined ? {} : { task_id }),
    ...(child_run === undefined ? {} : { child_run }),
  }
}

/** An approval that is asked for: exactly what would be called. */
export interface ApprovalDocument {
  approval_id: string
  task_id?: string
  tool?: string
  arguments: Json
  rule?: string
  /** True where whoever the run acts for may not decide. */
  four_eyes?: true
  question: string
  until?: string
}

function approvalDocument({ wait_id, task_id, approval, question, until }: WaitState): ApprovalDocument {
  return {
    approval_id: wait_id,
    ...(task_id === undefined ? {} : { task_id }),
    ...(approval ? { tool: approval.tool, rule: approval.verdict.rule } : {}),
    ...(approval?.verdict.four_eyes ? { four_eyes: true as const } : {}),
    arguments: redactSealed(approval?.arguments ?? {}),
    question,
    ...(until === undefined ? {} : { until }),
  }
}

function callDocument(call: CallState): CallDocument {
  const { call_id, task_id, server, tool, attempt, idempotency_key, outcome } = call
  return {
    call_id,
    task_id,
    server,
    tool,
    attempt,
    status: outcome?.status ?? 'intended',
    ...(outcome && outcome.status !== 'succeeded' ? { failure_kind: outcome.failure.kind } : {}),
    idempotency_key,
    ...(call.started_at === undefined ? {} : { started_at: call.started_at }),
    ...(call.settled_at === undefined ? {} : { settled_at: call.settled_at }),
    ...(call.compensates === undefined ? {} : { compensates: call.compensates }),
    ...(call.egress === undefined || call.egress.length === 0 ? {} : { egress: call.egress }),
  }
}
