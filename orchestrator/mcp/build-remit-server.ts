import {
  type AuthInfo,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  McpServer,
  type McpServerFactory,
  requireScopes,
  type ScopeChallengeHandler,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import { CapabilityError, type Failure } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { packageVersion } from '../../shared/own-package.ts'
import { allTools } from './all-tools.ts'
import { type Backend, type McpCaller, mcpScopes } from './backend.ts'
import { goalsFor, registerGoals } from './goal-prompts.ts'
import { type RemitTool, scopeOf, type ToolContext, type ToolResult } from './remit-tool.ts'
import { registerRuns } from './run-resources.ts'
import { tasksExtension } from './run-task.ts'
import { serveTasks } from './serve-tasks.ts'

export interface RemitServerOptions {
  backend: Backend
  /** What it offers; Remit's own tools unless said. */
  tools?: readonly RemitTool[]
  /** Who a connection or request is from, as far as it is known; undefined where nobody is, and then nothing is possible. */
  callerOf: (requestCaller: McpCaller | undefined) => McpCaller | undefined
  /** At least 32 bytes, the same for all processes that answer at one address: it seals what a client carries between rounds. */
  stateKey: Uint8Array
  /** Told of defects; clients are told only that there was one. */
  onDefect(what: string, error: unknown): void
}

/** The key of {@link McpCaller} in the SDK's `AuthInfo.extra`. */
export const callerKey = 'caller'

/** Makes Remit's own MCP server, per connection or request, for both protocol eras. */
export function buildRemitServer({
  backend,
  tools = allTools,
  callerOf,
  stateKey,
  onDefect,
}: RemitServerOptions): McpServerFactory {
  const known = (authInfo: AuthInfo | undefined): McpCaller | undefined =>
    callerOf(authInfo?.extra?.[callerKey] as McpCaller | undefined)
  const callerIn = (context: ServerContext): McpCaller => {
    const caller = known(context.http?.authInfo)
    if (!caller) throw new CapabilityError('unauthorized', 'A key is needed')
    return caller
  }
  const state = createRequestStateCodec<JsonObject>({
    key: stateKey,
    bind: (context) => JSON.stringify([context.mcpReq.method, callerIn(context).tenant, callerIn(context).principal]),
  })

  return ({ authInfo }) => {
    const server = new McpServer(
      { name: 'remit', title: 'Remit', version: packageVersion },
      {
        instructions:
          'Runs goals over many capabilities, with policy, approvals and a record. start_run pursues a whole goal; find_tools and call_tool make single calls.',
        capabilities: { tools: { listChanged: false }, extensions: { [tasksExtension]: {} } },
        cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
        requestState: { verify: state.verify },
      },
    )
    // Each request of the newer era says what its client can do; of the older one, the connection did.
    const capabilitiesIn = ({ mcpReq }: ServerContext): ClientCapabilities => {
      const envelope: Record<string, unknown> = mcpReq.envelope ?? {}
      const said = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined
      return { ...server.server.getClientCapabilities(), ...said }
    }
    const followsTasks = (context: ServerContext) => capabilitiesIn(context).extensions?.[tasksExtension] !== undefined

    for (const tool of tools) {
      const { name, title, description, input, annotations } = tool
      server.registerTool(
        name,
        { title, description, inputSchema: input, annotations, scopeChallenge: challengeOf(tool) },
        async (args, context) => {
          const { mcpReq } = context
          const { elicitation } = capabilitiesIn(context)
          const made: Omit<ToolContext, 'caller'> = {
            backend,
            signal: mcpReq.signal,
            progress: progressOf(mcpReq),
            // A client that says no more than that it elicits means forms.
            client: {
              elicits: elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined),
              followsTasks: followsTasks(context),
            },
            remembered: mcpReq.requestState<JsonObject>(),
            responses: mcpReq.inputResponses,
            remember: (what) => state.mint(what, context),
          }
          const asked = args as JsonObject
          return run(tool, asked, () => ({ ...made, caller: allowed(tool, asked, callerIn(context)) }))
        },
      )
    }
    serveTasks(server, { backend, callerIn, followsTasks })
    registerRuns(server, { backend, callerIn })
    registerGoals(server, goalsFor(known(authInfo), backend.goals))
    return server
  }

  async function run(tool: RemitTool, args: JsonObject, contextOf: () => ToolContext): Promise<CallToolResult> {
    try {
      return asResult(await tool.run(args, contextOf()))
    } catch (error) {
      if (error instanceof CapabilityError) return failed(error.failure)
      onDefect(tool.name, error)
      return failed({ kind: 'internal', message: `${tool.name} ended by a defect` })
    }
  }
}

/** Throws where the caller lacks the tool's scope, wherever the transport did not ask for it before. */
function allowed(tool: Pick<RemitTool, 'name' | 'scope'>, args: JsonObject, caller: McpCaller): McpCaller {
  const scope = scopeOf(tool, args)
  if (caller.scopes.has(scope)) return caller
  throw new CapabilityError('denied', `${tool.name} needs a key with the scope ${scope}`)
}

/** Asks a client for the scope of a call before it gets here, where the transport can. */
function challengeOf(tool: Pick<RemitTool, 'scope'>): ScopeChallengeHandler {
  return (asked) => {
    const given: unknown = asked.request.params?.arguments
    return requireScopes(scopeOf(tool, isJsonObject(given as Json) ? (given as JsonObject) : {}))(asked)
  }
}

function asResult(result: ToolResult): CallToolResult {
  if ('output' in result)
    return { content: [{ type: 'text', text: JSON.stringify(result.output) }], structuredContent: result.output }
  if ('failed' in result) return result.failed
  // The SDK lets through what it has no type for: a task, and a question.
  const other = 'task' in result ? { resultType: 'task', ...result.task } : result.asks
  return other as unknown as CallToolResult
}

function failed(failure: Failure): CallToolResult {
  const lines = [failure.message, ...(failure.issues ?? []).map(({ path, message }) => `${path || '/'}: ${message}`)]
  return {
    isError: true,
    content: [{ type: 'text', text: lines.join('\n') }],
    _meta: { [metaKeys.outcome]: { status: 'failed', failure } },
  }
}

function progressOf({ _meta, notify }: ServerContext['mcpReq']): ToolContext['progress'] {
  const progressToken = _meta?.progressToken
  return (progress, total, message) => {
    if (progressToken === undefined) return
    const params = { progressToken, progress, message, ...(total !== undefined && { total }) }
    // Progress is a courtesy: a client that went away does not end the work.
    notify({ method: 'notifications/progress', params }).catch(() => undefined)
  }
}

/** The scopes that an authorization server is asked for. */
export const scopesSupported: readonly string[] = mcpScopes
