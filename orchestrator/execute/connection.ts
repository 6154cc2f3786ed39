import { type CallToolResult, Client, SdkError, SdkErrorCode, type Transport } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import { fingerprint, type ServerManifest } from '../../shared/manifest.ts'
import type { Progress } from '../model/call.ts'
import type { EraVerdicts } from './era-verdicts.ts'
import type { Launch } from './launch.ts'
import { StdioTransport } from './stdio-transport.ts'

/** A server may be slow to start on a busy machine; one that says nothing for this long is taken for a 2025-era server. */
const probeMs = 15_000
const handshakeMs = 30_000

/** What goes with one request. */
export interface SendOptions {
  meta: JsonObject
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** A live connection to one capability server. */
export interface Connection {
  /** The protocol revision that was agreed on. */
  era: string
  /** What the server says of its tools right now: tool name → fingerprint. */
  fingerprints: ReadonlyMap<string, string>
  pid(): number | undefined
  isOpen(): boolean
  /** Rejects with an `SdkError` or, where the server answered with a JSON-RPC error, a `ProtocolError`. */
  send(tool: string, args: JsonObject, options: SendOptions): Promise<CallToolResult>
  close(): Promise<void>
}

/** Why a server could not be connected to; nothing was asked of it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  /** For logs only: the server's last words on stderr, scrubbed. */
  readonly lastWords: string[]

  constructor(message: string, lastWords: string[], options: ErrorOptions) {
    super(message, options)
    this.lastWords = lastWords
  }
}

/**
 * Starts a server and agrees on a protocol era over the same pipe. A 2025-era server that dies of the question is started
 * once more with the old handshake, and remembered. `signal` gives up a start that is under way.
 */
export async function connect(
  server: ServerManifest,
  launch: Launch,
  verdicts: EraVerdicts,
  { signal, onClose }: ConnectOptions,
): Promise<Connection> {
  const legacy = verdicts.isLegacy(server)
  try {
    return await open(server, launch, verdicts, legacy, { signal, onClose })
  } catch (error) {
    const died = error instanceof ConnectError && isNegotiationFailure(error.cause)
    if (legacy || !died || signal.aborted) throw error
    return open(server, launch, verdicts, true, { signal, onClose })
  }
}

/** `onClose` is called when the connection ends, for whatever reason, also while it is being made. */
export interface ConnectOptions {
  signal: AbortSignal
  onClose: () => void
}

async function open(
  server: ServerManifest,
  launch: Launch,
  verdicts: EraVerdicts,
  legacy: boolean,
  { signal, onClose }: ConnectOptions,
): Promise<Connection> {
  const transport = new StdioTransport(launch)
  const client = new Client(
    { name: 'remit', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto', probe: { timeoutMs: probeMs } } },
  )
  client.onclose = onClose
  const giveUp = () => void transport.close()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect(asTransport(transport), {
      timeout: handshakeMs,
      ...(legacy && { prior: { kind: 'legacy' } as const }),
    })
    if (client.getProtocolEra() === 'legacy') await verdicts.rememberLegacy(server)
    const { tools } = await client.listTools(undefined, { timeout: handshakeMs, cacheMode: 'bypass' })
    const fingerprints = new Map(
      tools.map((tool) => [
        tool.name,
        fingerprint({ ...tool, ...jsonSchemasOf(tool), annotations: jsonOf(tool.annotations) }),
      ]),
    )
    return {
      era: client.getNegotiatedProtocolVersion() ?? 'unknown',
      fingerprints,
      pid: () => transport.pid,
      isOpen: () => client.transport !== undefined && transport.pid !== undefined,
      send: (name, args, { meta, signal, onProgress }) =>
        client.request(
          { method: 'tools/call', params: { name, arguments: args, _meta: meta } },
          // The deadline is the signal's business; the SDK's own timeout of a minute must not come first.
          { signal, timeout: longestTimeoutMs, ...(onProgress && { onprogress: reporter(onProgress) }) },
        ),
      close: async () => {
        await client.close()
        await transport.close()
      },
    }
  } catch (cause) {
    const { ending } = transport
    await transport.close()
    const what = ending === undefined ? 'did not complete the handshake' : `ended with ${ending} before it was ready`
    throw new ConnectError(`${server.name} ${what}`, transport.lastWords(), { cause })
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** What a timer can hold. */
const longestTimeoutMs = 2_147_483_647

/** The SDK's interface was not written for `exactOptionalPropertyTypes`. */
function asTransport(transport: StdioTransport): Transport {
  return transport as Transport
}

function isNegotiationFailure(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed
}

function jsonSchemasOf({ inputSchema, outputSchema }: { inputSchema: unknown; outputSchema?: unknown }) {
  return { inputSchema: jsonOf(inputSchema) ?? {}, outputSchema: jsonOf(outputSchema) }
}

/** What came over the wire is JSON; this only tells the type checker. */
function jsonOf(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

/** What the protocol reports, in Remit's words. */
function reporter(onProgress: (progress: Progress) => void) {
  return ({
    progress,
    total,
    message,
  }: {
    progress: number
    total?: number | undefined
    message?: string | undefined
  }) => onProgress({ done: progress, ...(total !== undefined && { total }), ...(message !== undefined && { message }) })
}
