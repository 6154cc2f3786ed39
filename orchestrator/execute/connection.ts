import {
  type CallToolResult,
  Client,
  type ElicitRequestParams,
  type ElicitResult,
  type Progress as McpProgress,
  type Tool as McpTool,
  SdkError,
  SdkErrorCode,
  specTypeSchemas,
  type Transport,
} from '@modelcontextprotocol/client'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import { packageVersion } from '../../shared/own-package.ts'
import type { Progress } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { ToldServer } from '../model/told-server.ts'
import { askContent, type ContentRequest } from './ask-content.ts'
import type { Carrier } from './carrier.ts'
import type { Broker } from './egress/broker.ts'
import type { EraVerdicts } from './era-verdicts.ts'
import { followTools, type Quarantine, type ToolsInView } from './follow-tools.ts'
import type { Launch } from './launch.ts'
import { LaunchError } from './launch-error.ts'
import type { Limits } from './limits.ts'
import { quarantineOf, type ToldTools, toldTools } from './list-tools.ts'
import { mirroringOf } from './mirrored-headers.ts'
import { patience } from './patience.ts'
import { remoteErrorIn } from './remote/remote-error.ts'
import { StdioTransport } from './stdio-transport.ts'
import { toldServer } from './told-server.ts'

/** What goes with one request. */
export interface SendOptions {
  meta: JsonObject
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
  /** The request that is made, where it is no call of a tool. */
  method?: Tool['method']
}

/** A connection to one process of a capability server, or to a server elsewhere. */
export interface Connection {
  /** The protocol revision that was agreed on. */
  era: string
  /** Values in its environment that must never be seen. */
  secrets: readonly string[]
  /** What its endpoints lead through. */
  broker: Broker | undefined
  tools: ToolsInView
  /** Asks for the tools once more, to show them to a person. */
  list(): Promise<ToldTools>
  /** Asks for all that it tells of itself, to propose it to a person. */
  tell(): Promise<ToldServer>
  /** Asks for one resource or prompt, to show it to a person. */
  content(request: ContentRequest): Promise<Json>
  pid(): number | undefined
  /** False as soon as nothing may be sent any more. */
  isOpen(): boolean
  /** Rejects with an `SdkError`, a `RemoteError` or, where the server answered with a JSON-RPC error, a `ProtocolError`. */
  send(tool: string, args: JsonObject, options: SendOptions): Promise<CallToolResult>
  /** False where the server still runs and says nothing within this time, though it was asked. */
  answersWithin(ms: number): Promise<boolean>
  /** Ends the process at once. */
  fail(reason: string): void
  /** Lets the process leave in peace, and returns when it is gone. */
  close(): Promise<void>
  /** Resolves with how it ended (`ended with exit code 2`) once nothing can come from it any more. */
  ended: Promise<string>
  /** Resolves when nothing is left of the process. */
  gone: Promise<void>
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

export interface ConnectOptions {
  verdicts: EraVerdicts
  limits: Limits
  /** Gives up a start that is under way. */
  signal: AbortSignal
  /** Told each breach of the protocol, and how many there have been. */
  onFault(fault: string, count: number): void
  /** Told which tools the running server does not offer as they were reviewed, where there are such, and when that changes. */
  onQuarantine(quarantine: Quarantine): void
  /** Answers what a server asks in the middle of a call. Without it nobody does, and a call that has to ask fails. */
  onQuestion?(question: ElicitRequestParams): Promise<ElicitResult>
}

/** Between two looks at the tools of a server that says again and again that they changed. */
const restBetweenLooksMs = 1_000
/** How long a server that offers to tell of changes may take to agree to do so. */
const subscribeMs = 5_000
/** What a timer can hold. */
const longestTimeoutMs = 2_147_483_647

/**
 * Starts a server and agrees on a protocol era over the same pipe. A 2025-era server that dies of the question is started
 * once more with the old handshake, and remembered.
 */
export async function connect(server: ServerManifest, launch: Launch, options: ConnectOptions): Promise<Connection> {
  options.signal.throwIfAborted()
  const legacy = options.verdicts.isLegacy(server)
  try {
    return await open(server, launch, legacy, options)
  } catch (error) {
    const died = error instanceof ConnectError && isNegotiationFailure(error.cause)
    if (legacy || !died || options.signal.aborted) throw error
    return open(server, launch, true, options)
  }
}

async function open(
  server: ServerManifest,
  launch: Launch,
  legacy: boolean,
  options: ConnectOptions,
): Promise<Connection> {
  const transport = new StdioTransport(launch, options.limits)
  transport.onfault = options.onFault
  const { secrets, broker } = launch
  return openConnection(server, transport, { secrets, broker }, legacy, options)
}

/** Agrees on a protocol era over a carrier, and looks at the server's tools. Rejects with a {@link ConnectError}. */
export async function openConnection(
  server: ServerManifest,
  transport: Carrier,
  held: Pick<Connection, 'secrets' | 'broker'>,
  legacy: boolean,
  { verdicts, limits, signal, onQuarantine, onQuestion }: ConnectOptions,
): Promise<Connection> {
  const end = new AbortController()
  const ended = Promise.withResolvers<string>()
  transport.onclose = () => {
    end.abort()
    ended.resolve(transport.ending ?? 'was closed')
  }
  const client = new Client(
    { name: 'remit', version: packageVersion },
    {
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: limits.probeMs } },
      ...(onQuestion && { capabilities: { elicitation: { form: { applyDefaults: true } } } }),
      inputRequired: { autoFulfill: onQuestion !== undefined },
    },
  )
  if (onQuestion) client.setRequestHandler('elicitation/create', ({ params }) => onQuestion(params))
  const giveUp = () => void transport.close()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect(asTransport(transport), {
      timeout: limits.handshakeMs,
      ...(legacy && { prior: { kind: 'legacy' } as const }),
    })
    if (client.getProtocolEra() === 'legacy') await verdicts.rememberLegacy(server)
    // Changes are heard of before the first look, so that none falls in between.
    let tools: ToolsInView | undefined
    let changedMeanwhile = false
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      if (tools) tools.changed()
      else changedMeanwhile = true
    })
    await subscribe(client)
    const list = () => within(limits.handshakeMs, end.signal, (signal) => toldTools(client, server, signal))
    const look = async () => quarantineOf(server, await list())
    const first = await look()
    if (first.size > 0) onQuarantine(first)
    tools = followTools({
      look,
      first,
      restMs: restBetweenLooksMs,
      goodForMs: limits.lookGoodForMs,
      ended: end.signal,
      onChange: onQuarantine,
      onFailure: () => transport.fail('does not tell its tools any more'),
    })
    if (changedMeanwhile) tools.changed()
    const tell = () => within(limits.handshakeMs, end.signal, (signal) => toldServer(client, server.name, signal))
    const content = (request: ContentRequest) =>
      within(limits.handshakeMs, end.signal, async (limit) => {
        const { structuredContent } = await askContent(client, request, {}, { signal: limit })
        return (structuredContent ?? null) as Json
      })
    const send = sendBy(client, server)
    return connectionOf(client, transport, { tools, list, tell, content, send }, held, ended.promise)
  } catch (cause) {
    const what = endingOf(transport, cause)
    await transport.close()
    throw new ConnectError(`${server.name} ${what}`, transport.lastWords(), { cause })
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function connectionOf(
  client: Client,
  transport: Carrier,
  working: Pick<Connection, 'tools' | 'list' | 'tell' | 'content' | 'send'>,
  held: Pick<Connection, 'secrets' | 'broker'>,
  ended: Promise<string>,
): Connection {
  return {
    era: client.getNegotiatedProtocolVersion() ?? 'unknown',
    ...held,
    ...working,
    ended,
    gone: transport.gone,
    pid: () => transport.processId(),
    isOpen: () => client.transport !== undefined && transport.isOpen,
    async answersWithin(ms) {
      const wait = patience({ remainingMs: ms })
      try {
        await client.request({ method: 'tools/list', params: {} }, { signal: wait.signal })
        return true
      } catch {
        // Whatever else went wrong, it answered, or it has ended.
        return wait.ranOut() === undefined
      } finally {
        wait.release()
      }
    },
    fail: (reason) => transport.fail(reason),
    close: async () => {
      await client.close()
      await transport.close()
    },
  }
}

/** Calls tools; where a tool's reviewed input says so, arguments are repeated in headers. */
function sendBy(client: Client, { tools }: ServerManifest): Connection['send'] {
  const mirrored = new Map(
    tools.flatMap(({ name, wire_name, input }) =>
      mirroringOf(input) === 'valid' ? [[wire_name ?? name, input as McpTool['inputSchema']]] : [],
    ),
  )
  return (name, args, { meta, signal, onProgress, method }) => {
    const params = { name, arguments: args, _meta: meta }
    // The deadline is the signal's business; the SDK's own timeout of a minute must not come first.
    const options = { signal, timeout: longestTimeoutMs, ...(onProgress && { onprogress: reporter(onProgress) }) }
    if (method) return askContent(client, { method, arguments: args }, meta, options)
    const inputSchema = mirrored.get(name)
    if (inputSchema) return client.callTool(params, { ...options, toolDefinition: { name, inputSchema } })
    // Left to find the schema by itself, the SDK first lets one parse fail at each request to see whether it has one.
    return client.request({ method: 'tools/call', params }, specTypeSchemas.CallToolResult, options)
  }
}

/** One look at what a server tells, within one bound of time. */
async function within<Told>(
  ms: number,
  ended: AbortSignal,
  look: (signal: AbortSignal) => Promise<Told>,
): Promise<Told> {
  const wait = patience({ cancel: ended, remainingMs: ms })
  try {
    return await look(wait.signal)
  } finally {
    wait.release()
  }
}

/** A 2025-era server tells of changes unasked; a newer one has to be asked to. */
async function subscribe(client: Client): Promise<void> {
  if (client.getProtocolEra() !== 'modern' || !client.getServerCapabilities()?.tools?.listChanged) return
  // One that offers and does not keep it is looked at on other occasions only.
  await client.listen({ toolsListChanged: true }, { timeout: subscribeMs }).catch(() => {})
}

function endingOf(transport: Carrier, cause: unknown): string {
  if (cause instanceof LaunchError) return `was not started: ${cause.message}`
  const remote = remoteErrorIn(cause)
  if (remote) return `could not be connected to: ${remote.message}`
  const code = cause instanceof Error && 'syscall' in cause && 'code' in cause ? cause.code : undefined
  if (code !== undefined) return `could not be started (${code})`
  return transport.ending === undefined ? 'did not complete the handshake' : `${transport.ending} before it was ready`
}

/** The SDK's interface was not written for `exactOptionalPropertyTypes`. */
function asTransport(transport: Carrier): Transport {
  return transport as Transport
}

function isNegotiationFailure(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed
}

/** What the protocol reports, in Remit's words. */
function reporter(onProgress: (progress: Progress) => void) {
  return ({ progress, total, message }: McpProgress) =>
    onProgress({ done: progress, ...(total !== undefined && { total }), ...(message !== undefined && { message }) })
}
