import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { JsonObject } from '../json.ts'
import { buildMcpServer } from './build-mcp-server.ts'
import { metaKeys, outcomeMetaSchema } from './call-meta.ts'
import type { AnyServer } from './define-server.ts'
import { openLog } from './log.ts'
import { readEnvironment } from './read-environment.ts'
import type { ToolOutcome } from './run-tool.ts'
import { openSession } from './session.ts'

export type { ToolOutcome } from './run-tool.ts'

/** What the server is started with; without a `dataFolder` it gets one that `close` removes. */
export interface TestServerOptions {
  environment?: Record<string, string>
  dataFolder?: string
  /** Which protocol era the client speaks; `modern` unless said. */
  era?: 'modern' | 'legacy'
}

/** What Remit would tell the server about the call; an envelope is sent when any of the first two is given. */
export interface TestCallOptions {
  idempotencyKey?: string
  deadline?: Date
  signal?: AbortSignal
  onProgress?: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void
}

/** A server in this process behind a real MCP client. */
export interface TestServer {
  client: Client
  dataFolder: string
  /** Calls a tool; a call that the signal cut off is `uncertain`, as it is for Remit. */
  call(tool: string, args: JsonObject, options?: TestCallOptions): Promise<ToolOutcome>
  /** Disconnects the client and then the server from its vendor. */
  close(): Promise<void>
}

/** The protocol revision of the modern era. */
export const modernRevision = '2026-07-28'
const patienceMs = 600_000

/** Starts a server in this process and connects to it through the whole protocol stack, without a socket. */
export async function startServerForTest(server: AnyServer, options: TestServerOptions = {}): Promise<TestServer> {
  const environment = readEnvironment(server, options.environment ?? {})
  const ownFolder = options.dataFolder === undefined
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), `remit-test-${server.name}-`)))
  const session = openSession(server, environment, dataFolder)
  const [near, far] = InMemoryTransport.createLinkedPair()
  const served = serveStdio(buildMcpServer(server, session, openLog(server, environment)), { transport: far })
  const mode = options.era === 'legacy' ? 'legacy' : { pin: modernRevision }
  const client = new Client({ name: 'remit-test', version: '0' }, { versionNegotiation: { mode } })
  await client.connect(near)

  return {
    client,
    dataFolder,
    call: (tool, args, callOptions = {}) => callTool(client, tool, args, callOptions),
    async close() {
      await client.close()
      await served.close()
      await session.close()
      if (ownFolder) await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

/** Calls a tool as Remit would; a call that the signal cut off is `uncertain`, as it is for Remit. */
export async function callTool(
  client: Client,
  name: string,
  args: JsonObject,
  options: TestCallOptions,
): Promise<ToolOutcome> {
  const { signal, onProgress } = options
  try {
    const result = await client.callTool(
      { name, arguments: args, _meta: metaOf(options) },
      { timeout: patienceMs, ...(signal && { signal }), ...(onProgress && { onprogress: onProgress }) },
    )
    if (result.isError) return outcomeMetaSchema.parse(result._meta?.[metaKeys.outcome])
    return { status: 'succeeded', output: result.structuredContent as JsonObject }
  } catch (error) {
    if (!signal?.aborted) throw error
    return { status: 'uncertain', failure: { kind: 'unavailable', message: 'the caller cancelled' } }
  }
}

function metaOf({ idempotencyKey, deadline }: TestCallOptions): JsonObject {
  if (idempotencyKey === undefined && deadline === undefined) return {}
  const inAMinute = new Date(Date.now() + 60_000)
  return {
    [metaKeys.call]: {
      run_id: 'test-run',
      call_id: 'test-call',
      idempotency_key: idempotencyKey ?? crypto.randomUUID(),
      deadline: (deadline ?? inAMinute).toISOString(),
    },
  }
}
