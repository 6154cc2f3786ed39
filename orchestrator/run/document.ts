import type { Json } from '../../shared/json.ts'
import type { EventData } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import { redactSealed } from '../model/seal.ts'
import type { CallState, Situation, TaskState, WaitState } from '../model/situation.ts'

/** One run as `show --json`, `run --json` and `GET /v1/runs/:id` print it. Field names are an interface: keep them. */
export interface RunDocument {
  run_id: string
  goal: string
  status: RunStatus
  outcomes: { fact: string; established_by: string }[]
  plan: { revision: number; tasks: Pick<TaskState, 'id' | 'tool' | 'status' | 'after'>[] }
  calls: CallDocument[]
  approvals: ApprovalDocument[]
  waiting?: { for: string; choices: EventData['wait_started']['choices']; until?: string; question: string }
  usage: Situation['usage']
  result: Json
  error?: NonNullable<EventData['run_finished']['error']>
  compensation?: 'complete' | 'partial' | 'none'
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
}

/** The document of a situation. Sealed values show as `[sealed]`. */
export function documentOf(situation: Situation): RunDocument {
  const { finished, compensation } = situation
  const wait = [...situation.waits.values()][0]
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
    ...(wait
      ? {
          waiting: {
            for: wait.for,
            question: wait.question,
            choices: wait.choices,
            ...(wait.until === undefined ? {} : { until: wait.until }),
          },
        }
      : {}),
    usage: situation.usage,
    result: redactSealed(finished?.result ?? {}),
    ...(finished?.error ? { error: finished.error } : {}),
    ...(compensation?.status ? { compensation: compensation.status } : {}),
  }
}

/** An approval that is asked for: exactly what would be called. */
export interface ApprovalDocument {
  approval_id: string
  task_id?: string
  tool?: string
  arguments: Json
  rule?: string
  question: string
  until?: string
}

function approvalDocument({ wait_id, task_id, approval, question, until }: WaitState): ApprovalDocument {
  return {
    approval_id: wait_id,
    ...(task_id === undefined ? {} : { task_id }),
    ...(approval ? { tool: approval.tool, rule: approval.verdict.rule } : {}),
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
  }
}
