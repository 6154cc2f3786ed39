import {
  inputResponse,
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { CapabilityError } from '../../shared/failure.ts'
import type { Situation } from '../model/situation.ts'
import type { Backend, McpCaller, McpScope } from './backend.ts'
import { answerable, taskDetailsOf, tasksExtension } from './run-task.ts'

export interface TasksOptions {
  backend: Backend
  callerIn(context: ServerContext): McpCaller
  followsTasks(context: ServerContext): boolean
}

const named = z.looseObject({ taskId: z.string() })
const decision = z.object({ choice: z.string(), why: z.string().max(1_000).optional() })
const done = { resultType: 'complete' }

/** Serves the tasks extension (SEP-2663): a task is a run, so nothing is kept here. */
export function serveTasks({ server }: McpServer, { backend, callerIn, followsTasks }: TasksOptions): void {
  const callerWith = (scope: McpScope, context: ServerContext): McpCaller => {
    if (!followsTasks(context))
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [tasksExtension]: {} } } })
    const caller = callerIn(context)
    if (caller.scopes.has(scope)) return caller
    throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `This needs a key with the scope ${scope}`)
  }
  const taskOf = async (caller: McpCaller, runId: string): Promise<Situation> => {
    try {
      return await backend.situation(caller, runId)
    } catch (error) {
      if (!(error instanceof CapabilityError)) throw error
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no task ${runId}`)
    }
  }

  server.setRequestHandler('tasks/get', { params: named }, async ({ taskId }, context) => {
    const caller = callerWith('runs:read', context)
    return { ...done, ...taskDetailsOf(await taskOf(caller, taskId), caller, new Date()) }
  })

  server.setRequestHandler('tasks/cancel', { params: named }, async ({ taskId }, context) => {
    const caller = callerWith('runs:write', context)
    const { finished, cancel_requested: asked } = await taskOf(caller, taskId)
    if (!finished && !asked) await unlessTooLate(backend.cancel(caller, taskId, 'the client cancelled the task'))
    return done
  })

  server.setRequestHandler('tasks/update', { params: named }, async ({ taskId }, context) => {
    const caller = callerWith('runs:read', context)
    for (const wait of answerable(await taskOf(caller, taskId), caller)) {
      const response = inputResponse(context.mcpReq.inputResponses, wait.wait_id)
      if (response.kind !== 'elicit' || response.action !== 'accept') continue
      const given = decision.safeParse(response.content)
      if (!given.success) continue
      const { choice, why } = given.data
      if (wait.for === 'answer') await unlessTooLate(backend.answer(caller, taskId, choice, why))
      else if (choice === 'approve' || choice === 'deny') {
        const approval = { run_id: taskId, approval_id: wait.wait_id }
        await unlessTooLate(backend.decideApproval(caller, approval, choice, why))
      }
    }
    return done
  })
}

/** Where somebody else was quicker, what became of the task is seen by the next look; any other refusal is told. */
async function unlessTooLate(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof CapabilityError)) throw error
    const { kind, message } = error.failure
    if (kind !== 'conflict') throw new ProtocolError(ProtocolErrorCode.InvalidRequest, message)
  })
}
