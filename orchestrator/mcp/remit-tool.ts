import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import type { JsonObject } from '../../shared/json.ts'
import type { Backend, McpCaller, McpScope } from './backend.ts'
import type { RunTask } from './run-task.ts'

/** What a tool of Remit itself gets besides its arguments. */
export interface ToolContext {
  backend: Backend
  caller: McpCaller
  signal: AbortSignal
  /** Tells the client how far it is, where the client asked to be told. */
  progress(done: number, total: number | undefined, message: string): void
  client: {
    /** It can put a form before its user. */
    elicits: boolean
    /** It can follow a task. */
    followsTasks: boolean
  }
  /** What an earlier round of this call remembered, checked to be ours and for this caller; undefined in the first round. */
  remembered: JsonObject | undefined
  responses: Record<string, unknown> | undefined
  /** Seals what the next round has to know. */
  remember(state: JsonObject): Promise<string>
}

/** What a tool comes to: a JSON object, a task to follow, or a question to the client. */
export type ToolResult =
  | { output: JsonObject }
  | { failed: CallToolResult }
  | { task: RunTask }
  | { asks: InputRequiredResult }

/** The one definition of a tool that Remit offers itself. */
export interface RemitTool<Input extends z.ZodObject = z.ZodObject> {
  name: string
  title: string
  description: string
  /** Without it the tool is refused before it runs. A function where it depends on what is asked for; it takes anything. */
  scope: McpScope | ((args: JsonObject) => McpScope)
  input: Input
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean }
  run(args: z.output<Input>, context: ToolContext): Promise<ToolResult>
}

export const reads = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

/** The scope that a call of the tool needs. */
export function scopeOf({ scope }: Pick<RemitTool, 'scope'>, args: JsonObject): McpScope {
  return typeof scope === 'function' ? scope(args) : scope
}

/** Types a tool's definition; its holder need not know the input. */
export function defineRemitTool<Input extends z.ZodObject>(tool: RemitTool<Input>): RemitTool {
  return tool as unknown as RemitTool
}
