import { metaKeys } from '../../shared/capability/call-meta.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import { formatPointer, mapAt } from '../../shared/json-pointer.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallOutcome, CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue, Tool } from '../model/catalogue.ts'
import type { Sealer } from '../model/seal.ts'
import { ConnectError, type Connection, connect } from './connection.ts'
import type { EraVerdicts } from './era-verdicts.ts'
import type { Launch } from './launch.ts'
import { openSealed } from './open-sealed.ts'
import { lost, notPerformed, outcomeOf, outcomeOfError } from './outcome.ts'
import { scrubber } from './scrub.ts'

const megabyte = 1_048_576

/** What goes with a call. */
export interface CallOptions {
  /** Cancels the call; the outcome then says whether anything may have been done. */
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** The one door to the capability servers. */
export interface Gateway {
  /** Starts these servers at the same time. A server that does not start is only reported in the log: its calls will say so. */
  start(servers: readonly string[]): Promise<void>
  /** Makes one call. Never throws: whatever happens is an outcome. */
  call(request: CallRequest, options: CallOptions): Promise<CallResult>
  /** The processes that run right now. */
  pids(): number[]
  /** Ends every connection and process; calls in flight settle as lost. */
  close(): Promise<void>
}

export interface GatewayOptions {
  catalogue: Catalogue
  /** How to start a server; asked again at each (re)start, so that a rotated credential is picked up. */
  launch: (server: ServerManifest) => Launch | Promise<Launch>
  /** The sealer of a run; sensitive values are open only here and in the server. */
  sealers: (run_id: string) => Sealer | Promise<Sealer>
  verdicts: EraVerdicts
  now: () => Date
  log: { warn(details: object, message: string): void }
  /** Bytes of JSON that one output may have; 1 MiB unless said. */
  outputLimit?: number
}

interface Live extends Connection {
  secrets: string[]
}

/** Opens the gateway; no server is started before it is needed. */
export function openGateway(options: GatewayOptions): Gateway {
  const { catalogue, launch, sealers, verdicts, now, log, outputLimit = megabyte } = options
  const slots = new Map<string, Promise<Live>>()
  const live = new Map<string, Live>()
  const closing = new AbortController()

  /** The server's one connection; callers that come at the same time share it, and a lost one is made again. */
  function connectionOf(server: ServerManifest): Promise<Live> {
    const known = slots.get(server.name)
    if (known) return known
    const forget = () => {
      if (slots.get(server.name) !== slot) return
      slots.delete(server.name)
      live.delete(server.name)
    }
    const slot = establish(server, forget)
    slots.set(server.name, slot)
    slot.catch((error: unknown) => {
      forget()
      const lastWords = error instanceof ConnectError ? error.lastWords : []
      log.warn({ server: server.name, reason: messageOf(error), stderr: lastWords }, 'capability server did not start')
    })
    return slot
  }

  async function establish(server: ServerManifest, forget: () => void): Promise<Live> {
    const launched = await launch(server)
    // An attempt that fails closes too; only the end of a connection that stood makes room for a new one.
    let stands = false
    const connection = await connect(server, launched, verdicts, {
      signal: closing.signal,
      onClose: () => {
        if (stands) forget()
      },
    })
    stands = true
    const made = { ...connection, secrets: launched.secrets }
    live.set(server.name, made)
    if (!connection.isOpen()) forget()
    return made
  }

  async function perform(request: CallRequest, { signal, onProgress }: CallOptions): Promise<Performed> {
    const tool = catalogue.tools.get(`${request.server}.${request.tool}`)
    const server = catalogue.servers.get(request.server)
    if (!tool || !server) {
      return { outcome: notPerformed('denied', `${request.server}.${request.tool} is not in the reviewed manifest`) }
    }
    const remaining = Date.parse(request.deadline) - now().getTime()
    const tooLate = beforeSending(signal, remaining, tool, closing.signal)
    if (tooLate) return { outcome: tooLate }

    const sealer = await sealers(request.run_id)
    const opened = openSealed(request.arguments, sealer)
    // The race goes on while the server starts: neither a slow start nor a hung one outlives the deadline.
    const deadline = AbortSignal.timeout(Math.min(remaining, 2_147_483_647))
    const abort = AbortSignal.any([signal, deadline])
    const connection = await orAborted(connectionOf(server), abort).catch(() => undefined)
    if (abort.aborted) return { outcome: beforeSending(signal, 0, tool, closing.signal) ?? tookTooLong(tool) }
    if (!connection?.isOpen())
      return { outcome: notPerformed('unavailable', `${server.name} could not be started; nothing was sent`) }
    const { era } = connection
    const refusal = driftOf(tool, connection)
    if (refusal) return { outcome: refusal, era }

    const scrub = scrubber([...connection.secrets, ...opened.secrets])
    const outcome = await connection
      .send(tool.name, opened.value, {
        meta: metaOf(request),
        signal: abort,
        ...(onProgress && {
          onProgress: ({ message, ...progress }) =>
            onProgress({ ...progress, ...(message !== undefined && { message: scrub(message) }) }),
        }),
      })
      .then(
        (result) => outcomeOf(tool, result, scrub, outputLimit),
        (error: unknown) => {
          if (signal.aborted) return lost(tool, 'unavailable', `${tool.id} was cancelled before it answered`)
          if (deadline.aborted) return lost(tool, 'unavailable', `${tool.id} did not answer before its deadline`)
          return outcomeOfError(tool, error, scrub)
        },
      )
    return { outcome: sealOutput(tool, outcome, sealer), era }
  }

  return {
    async start(servers) {
      const known = servers.flatMap((name) => catalogue.servers.get(name) ?? [])
      await Promise.allSettled(known.map(connectionOf))
    },
    async call(request, callOptions) {
      const started_at = now().toISOString()
      const performed = await perform(request, callOptions).catch((error: unknown): Performed => {
        log.warn({ call_id: request.call_id, reason: messageOf(error) }, 'call could not be prepared')
        return {
          outcome: notPerformed(
            'internal',
            `${request.server}.${request.tool} could not be prepared; nothing was sent`,
          ),
        }
      })
      return { ...performed, started_at, settled_at: now().toISOString(), egress: [] }
    },
    pids: () => [...live.values()].flatMap((connection) => connection.pid() ?? []),
    async close() {
      closing.abort()
      const settled = await Promise.allSettled([...slots.values()])
      await Promise.all(settled.map((slot) => (slot.status === 'fulfilled' ? slot.value.close() : undefined)))
    },
  }
}

type Performed = Pick<CallResult, 'outcome' | 'era'>

function beforeSending(
  signal: AbortSignal,
  remaining: number,
  tool: Tool,
  closing: AbortSignal,
): CallOutcome | undefined {
  if (closing.aborted) return notPerformed('unavailable', `${tool.id} was not called: the gateway is closing`)
  if (signal.aborted) return notPerformed('unavailable', `${tool.id} was cancelled before anything was sent`)
  if (remaining <= 0) return tookTooLong(tool)
  return undefined
}

function tookTooLong(tool: Tool): CallOutcome {
  return notPerformed('unavailable', `the deadline of ${tool.id} passed before anything was sent`)
}

/** A tool that is not, or no longer, what was reviewed. */
function driftOf(tool: Tool, connection: Connection): CallOutcome | undefined {
  const seen = connection.fingerprints.get(tool.name)
  if (seen === tool.fingerprint) return undefined
  const what = seen === undefined ? 'does not offer it any more' : 'describes it differently now'
  return notPerformed(
    'denied',
    `${tool.id} is refused: the running server ${what}. Look at the difference and accept it with: remit servers accept ${tool.server}`,
  )
}

function metaOf({ run_id, call_id, idempotency_key, deadline, traceparent }: CallRequest): JsonObject {
  return { [metaKeys.call]: { run_id, call_id, idempotency_key, deadline }, traceparent }
}

function sealOutput(tool: Tool, outcome: CallOutcome, sealer: Sealer): CallOutcome {
  if (outcome.status !== 'succeeded' || tool.marks.output.sensitive.length === 0) return outcome
  const seal = (value: Json, pointer: string): Json => ({
    ...sealer.seal(value, `${tool.id}${formatPointer(['output'])}${pointer}`),
  })
  return { status: 'succeeded', output: mapAt(outcome.output, tool.marks.output.sensitive, seal) }
}

/** The promise, or a rejection as soon as the signal aborts. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', stop))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
