import {
  type CallToolResult,
  McpServer,
  type McpServerOptions,
  type ServerContext,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server'
import type { Failure } from '../failure.ts'
import type { Json, JsonObject } from '../json.ts'
import { getAt, matchPointers } from '../json-pointer.ts'
import type { ToolManifest } from '../manifest.ts'
import { type CallMeta, callMetaSchema, metaKeys, type OutcomeMeta } from './call-meta.ts'
import type { CallSpans } from './call-spans.ts'
import type { AnyServer } from './define-server.ts'
import { describeError, type Log, traceOf } from './log.ts'
import { toolManifestOf } from './manifest-of.ts'
import { issuesOf, runTool, type ToolOutcome } from './run-tool.ts'
import type { Session } from './session.ts'

/** Makes an MCP server per connection or request, for both protocol eras; all of them share one session. */
export function buildMcpServer(definition: AnyServer, session: Session, log: Log, spans?: CallSpans): () => McpServer {
  const { name, title, version, description, instructions } = definition
  const registerTools = toolRegistrar(definition, session, log, spans)
  const options: McpServerOptions = {
    instructions,
    // A process serves the tools it was started with, for as long as it lives.
    capabilities: { tools: { listChanged: false } },
    cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
  }
  return () => {
    const server = new McpServer({ name, title, version, description }, options)
    registerTools(server)
    return server
  }
}

/** Registers the tools of a definition with an MCP server, in the order of their names. */
export function toolRegistrar(
  definition: AnyServer,
  session: Session,
  log: Log,
  spans?: CallSpans,
): (server: McpServer) => void {
  const tools = definition.tools
    .map((tool) => ({ tool, manifest: toolManifestOf(definition, tool) }))
    .sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1))

  return (server) => {
    for (const { tool, manifest } of tools) {
      server.registerTool(tool.name, registrationOf(manifest), async (args, { mcpReq }) => {
        const trace = traceOf(mcpReq._meta)
        const envelope = readEnvelope(mcpReq._meta?.[metaKeys.call])
        if ('failure' in envelope) return toResult({ status: 'failed', failure: envelope.failure })
        const run = () =>
          runTool(tool, session, {
            arguments: args,
            envelope: envelope.call,
            signal: mcpReq.signal,
            progress: progressOf(mcpReq),
            onDefect(what, error) {
              const err = describeError(error, sensitiveTexts(args, manifest))
              log.error({ ...trace, ...idsOf(envelope.call), tool: tool.name, err }, what)
            },
          })
        const outcome = await (spans ? spans.around(tool.name, trace.traceparent, run) : run())
        return toResult(outcome)
      })
    }
  }
}

/** What a host is told of a tool, straight from its manifest. */
export function registrationOf(manifest: ToolManifest) {
  const { title, description, annotations, effect, idempotency, scopes, establishes, expect } = manifest
  const { compensation, lookup, marks, timeout_ms } = manifest
  return {
    title,
    description,
    annotations,
    inputSchema: advertise(manifest.input),
    ...(manifest.output && { outputSchema: advertise(manifest.output) }),
    _meta: {
      [metaKeys.tool]: {
        effect,
        idempotency,
        scopes,
        establishes,
        ...(expect !== undefined && { expect }),
        ...(compensation !== undefined && { compensation }),
        ...(lookup !== undefined && { lookup }),
        marks,
        timeout_ms,
      },
    },
  }
}

/** Shows the SDK a JSON Schema but lets every value through: `runTool` judges values, so that faults come back as data. */
function advertise(schema: JsonObject): StandardSchemaWithJSON {
  return {
    '~standard': {
      version: 1,
      vendor: 'remit',
      validate: (value) => ({ value }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  }
}

/** The runtime's envelope, nothing where a host calls directly, or why it cannot be trusted to mean what it says. */
function readEnvelope(value: unknown): { call?: CallMeta } | { failure: Failure } {
  if (value === undefined) return {}
  const parsed = callMetaSchema.safeParse(value)
  if (parsed.success) return { call: parsed.data }
  const issues = issuesOf(parsed.error).map(({ path, message }) => `${path}: ${message}`)
  return { failure: { kind: 'invalid_input', message: `_meta["${metaKeys.call}"] is not right: ${issues.join('; ')}` } }
}

/** Which call of which run a line of the log is about. */
function idsOf(call: CallMeta | undefined): JsonObject {
  return call ? { run_id: call.run_id, call_id: call.call_id } : {}
}

function progressOf({ _meta, notify }: ServerContext['mcpReq']) {
  const progressToken = _meta?.progressToken
  return (progress: number, total: number, message: string): void => {
    if (progressToken === undefined) return
    const params = { progressToken, progress, total, message }
    // Progress is a courtesy: a caller that went away does not end the call.
    notify({ method: 'notifications/progress', params }).catch(() => undefined)
  }
}

function sensitiveTexts(args: unknown, { marks }: ToolManifest): string[] {
  const document = args as Json
  return marks.input.sensitive
    .flatMap((pattern) => matchPointers(document, pattern))
    .map((pointer) => getAt(document, pointer))
    .filter((value) => typeof value === 'string' && value !== '')
    .map(String)
}

/** How an outcome crosses the wire: what failed says in `_meta` what it means. */
export function toResult(outcome: ToolOutcome): CallToolResult {
  if (outcome.status === 'succeeded') {
    const { output } = outcome
    return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent: output }
  }
  return {
    isError: true,
    content: [{ type: 'text', text: textOf(outcome) }],
    _meta: { [metaKeys.outcome]: outcome },
  }
}

function textOf({ status, failure: { message, issues = [] } }: OutcomeMeta): string {
  const known = status === 'uncertain' ? [`${message} Whether it took effect is not known.`] : [message]
  return [...known, ...issues.map(({ path, message }) => `${path || '/'}: ${message}`)].join('\n')
}
