import { type InputRequest, inputRequired } from '@modelcontextprotocol/server'
import type { JsonObject } from '../../shared/json.ts'
import type { Situation, WaitState } from '../model/situation.ts'
import { mayNotDecideOn } from '../run/answer.ts'
import { documentOf } from '../run/document.ts'
import type { McpCaller } from './backend.ts'

/** The extension of MCP by which a client follows a task. */
export const tasksExtension = 'io.modelcontextprotocol/tasks'

/** A run as a task of MCP: the run's id is the task's, so that it outlives every process. */
export interface RunTask {
  taskId: string
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'
  statusMessage?: string
  /** RFC 3339. */
  createdAt: string
  lastUpdatedAt: string
  /** Runs are kept. */
  ttlMs: null
  pollIntervalMs: number
}

/** A task with what it asks, or what came of it. */
export interface RunTaskDetails extends RunTask {
  inputRequests?: Record<string, InputRequest>
  result?: JsonObject
}

const pollIntervalMs = 1_000

/** How a run stands, as a task. A run that failed is completed: its result says so. */
export function taskOf(situation: Situation, caller: McpCaller, now: Date): RunTask {
  const [asked] = answerable(situation, caller)
  return {
    taskId: situation.run_id,
    status: statusOf(situation, asked !== undefined),
    ...(asked && { statusMessage: asked.question }),
    createdAt: situation.created_at,
    lastUpdatedAt: now.toISOString(),
    ttlMs: null,
    pollIntervalMs,
  }
}

export function taskDetailsOf(situation: Situation, caller: McpCaller, now: Date): RunTaskDetails {
  const task = taskOf(situation, caller, now)
  if (task.status === 'input_required')
    return {
      ...task,
      inputRequests: Object.fromEntries(
        answerable(situation, caller).map((wait) => [wait.wait_id, formOf(wait)] as const),
      ),
    }
  return task.status === 'completed' ? { ...task, result: resultOf(situation) } : task
}

/** What the caller may answer of what a run asks: an approval needs its own right, and under four eyes somebody else. */
export function answerable(situation: Situation, caller: McpCaller): WaitState[] {
  return [...situation.waits.values()].filter((wait) => {
    if (wait.for === 'answer') return caller.scopes.has('runs:write')
    return wait.for === 'approval' && mayApprove(wait, caller, situation)
  })
}

/** Whether the caller may say yes to what a run waits for. */
export function mayApprove(wait: WaitState, caller: McpCaller, situation: Situation): boolean {
  return mayNotDecideOn(wait, 'approve', caller, situation) === undefined
}

/** The form by which one question is put to a person. */
export function formOf({ question, choices, approval }: WaitState): InputRequest {
  const options = approval ? ['approve', 'deny'] : choices.map(({ choice }) => choice).filter((one) => one !== 'change')
  const titles = choices.map(({ choice, title }) => `${choice}: ${title}`).join('\n')
  return inputRequired.elicit({
    message: approval ? question : `${question}\n${titles}`,
    requestedSchema: {
      type: 'object',
      properties: {
        choice: { type: 'string', title: 'Decision', enum: options },
        why: { type: 'string', title: 'Why' },
      },
      required: ['choice'],
    },
  })
}

function statusOf({ status }: Situation, isAsked: boolean): RunTask['status'] {
  switch (status) {
    case 'succeeded':
    case 'failed':
      return 'completed'
    case 'cancelled':
      return 'cancelled'
    default:
      // A run asks while its other tasks go on, too.
      return isAsked ? 'input_required' : 'working'
  }
}

function resultOf(situation: Situation): JsonObject {
  const document = { ...documentOf(situation) } as unknown as JsonObject
  return {
    content: [{ type: 'text', text: JSON.stringify(document) }],
    structuredContent: document,
    isError: situation.status === 'failed',
  }
}
