import type { Json, JsonObject } from '../../shared/json.ts'
import type { Progress } from '../model/call.ts'
import type { Ceiling } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Budget, Goal } from '../model/goal.ts'
import type { RunSummary } from '../model/listed.ts'
import type { Owner } from '../model/run.ts'
import type { Situation } from '../model/situation.ts'
import type { CallAnswer } from '../run/call-answer.ts'

/** What an MCP client may be allowed, each by itself. */
export const mcpScopes = ['runs:read', 'runs:write', 'approvals:decide', 'tools:read', 'tools:call'] as const
export type McpScope = (typeof mcpScopes)[number]

/** Somebody who uses Remit by an MCP client. */
export interface McpCaller extends Owner {
  /** The key or token, by a name that is no secret. */
  id: string
  scopes: ReadonlySet<string>
  ceiling: Ceiling
}

/**
 * Who a request's `Authorization` header stands for; undefined where it stands for nobody. A token of an issuer counts only
 * where its audience is this server.
 */
export type Authenticate = (authorization: string | undefined) => Promise<McpCaller | undefined>

/** One call of one tool, as a run of its own. */
export interface AskedCall {
  /** `<server>.<tool>`. */
  tool: string
  arguments: JsonObject
  signal: AbortSignal
  onProgress(progress: Progress): void
}

/**
 * What the MCP server works with. What belongs to a tenant is asked for on behalf of a caller, and another tenant's is not
 * there. Whatever the caller cannot have is thrown as a `CapabilityError`.
 */
export interface Backend {
  goals: readonly Goal[]
  catalogue: Catalogue
  /** Checks the input, and records a run for whichever worker is free. `reasoner` decides; the first that can unless said. */
  startRun(
    caller: McpCaller,
    run: { goal: string; input: JsonObject; budget?: Partial<Budget>; reasoner?: string },
  ): Promise<string>
  listRuns(
    caller: McpCaller,
    filter: { limit: number; cursor?: string; status?: string },
  ): Promise<{ runs: RunSummary[]; next?: string }>
  situation(caller: McpCaller, runId: string): Promise<Situation>
  /** The run's events in order, without what is sealed. */
  timeline(caller: McpCaller, runId: string): Promise<Json[]>
  answer(caller: McpCaller, runId: string, choice: string, why?: string): Promise<void>
  decideApproval(
    caller: McpCaller,
    approval: { run_id: string; approval_id: string },
    choice: 'approve' | 'deny',
    why?: string,
  ): Promise<void>
  cancel(caller: McpCaller, runId: string, why?: string): Promise<void>
  /** Resolves when the run has grown, after so long, or when the signal aborts, whichever comes first. */
  untilGrown(runId: string, options: { ms: number; signal: AbortSignal }): Promise<void>
  callTool(caller: McpCaller, call: AskedCall): Promise<CallAnswer>
  /** Goes on with a call that waited for an approval. */
  resumeCall(caller: McpCaller, runId: string, call: Omit<AskedCall, 'tool' | 'arguments'>): Promise<CallAnswer>
}
