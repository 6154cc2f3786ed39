import { type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { registrationOf, toResult } from '../../shared/capability/build-mcp-server.ts'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallOutcome, Progress } from '../model/call.ts'
import { redactSealed } from '../model/seal.ts'

/** One call as a host asks for it. */
export interface FrontCall {
  tool: string
  arguments: JsonObject
  /** As the host calls itself; anybody may call themselves anything. */
  host: string
  signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface FrontOptions {
  /** Its reviewed manifest: what a running server says of itself reaches no host. */
  server: ServerManifest
  /** Said to hosts' models before all else; undefined where nothing has to be said. */
  notice?: string | undefined
  recorded: boolean
  /** Never rejects: whatever happens is an outcome. */
  call(call: FrontCall): Promise<{ outcome: CallOutcome; run_id?: string }>
}

/** Makes the MCP server that a host sees in a capability server's place, per connection, for both protocol eras. */
export function front({ server, notice, recorded, call }: FrontOptions): () => McpServer {
  const { name, title, version, description } = server
  const instructions = [notice, server.instructions].filter((text) => text !== undefined).join('\n\n')
  return () => {
    const facing = new McpServer(
      { name, title, version, description },
      {
        ...(instructions !== '' && { instructions }),
        // The reviewed tools are shown for as long as this lives; one that the running server changed is refused.
        capabilities: { tools: { listChanged: false } },
        cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } },
      },
    )
    const initialized = () => facing.server.getClientVersion()?.name
    for (const tool of server.tools) {
      facing.registerTool(tool.name, registrationOf(tool), async (args, { mcpReq }) => {
        const { outcome, run_id } = await call({
          tool: tool.name,
          arguments: isJsonObject(args as JsonObject) ? (args as JsonObject) : {},
          host: hostIn(mcpReq) ?? initialized() ?? 'unknown',
          signal: mcpReq.signal,
          onProgress: progressTo(mcpReq),
        })
        const result = resultOf(outcome)
        return {
          ...result,
          _meta: {
            ...result._meta,
            [metaKeys.record]: { recorded, ...(recorded && run_id !== undefined && { run_id }) },
          },
        }
      })
    }
    return facing
  }
}

/** What our kit would answer; of a tool without an output schema, the content as its server gave it. Nothing sealed is shown. */
function resultOf(outcome: CallOutcome): CallToolResult {
  if (outcome.status !== 'succeeded') return toResult({ status: outcome.status, failure: outcome.failure })
  const output = redactSealed(outcome.output)
  if (!isJsonObject(output)) return { content: [{ type: 'text', text: JSON.stringify(output) }] }
  const content = contentSchema.safeParse(output)
  return content.success ? (output as CallToolResult) : toResult({ status: 'succeeded', output })
}

/** What the gateway keeps of an answer that has content and nothing else. */
const contentSchema = z.strictObject({ content: z.array(z.looseObject({ type: z.string() })) })

const envelopeSchema = z.object({ 'io.modelcontextprotocol/clientInfo': z.object({ name: z.string() }) })

/** The 2026 era tells the host's name with each request, the one before at the start. */
function hostIn({ envelope }: ServerContext['mcpReq']): string | undefined {
  const told = envelopeSchema.safeParse(envelope)
  return told.success ? told.data['io.modelcontextprotocol/clientInfo'].name : undefined
}

function progressTo({ _meta, notify }: ServerContext['mcpReq']): (progress: Progress) => void {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return () => undefined
  return ({ done, total, message }) => {
    const params = {
      progressToken,
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    }
    // Progress is a courtesy: a host that went away does not end the call.
    notify({ method: 'notifications/progress', params }).catch(() => undefined)
  }
}
