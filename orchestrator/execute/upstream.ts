import type { Json } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallRequest, Progress } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { Sealer } from '../model/seal.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { ToldServer } from '../model/told-server.ts'
import type { ContentRequest } from './ask-content.ts'
import { circuit } from './circuit.ts'
import { ConnectError, type Connection, type ConnectOptions, connect } from './connection.ts'
import type { Broker } from './egress/broker.ts'
import type { EraVerdicts } from './era-verdicts.ts'
import { inUse } from './in-use.ts'
import { lanes } from './lanes.ts'
import type { Launch } from './launch.ts'
import type { Limits } from './limits.ts'
import type { ToldTools } from './list-tools.ts'
import { notPerformed } from './outcome.ts'
import { orAborted, type Patience, patience } from './patience.ts'
import { notSent, type Performed, performCall } from './perform-call.ts'
import { connectRemote, type RemoteServer } from './remote/connect-remote.ts'
import { ServerUnavailable, supervise } from './supervise.ts'

/** One capability server as the gateway uses it: its process, what guards it, and what is known of it. */
export interface Upstream {
  /** Starts it now rather than at its first call. Rejects with {@link ServerUnavailable}. */
  start(): Promise<void>
  /** Makes one call, in its turn. Rejects only where nothing was sent. */
  call(tool: Tool, request: CallRequest, options: UpstreamCall): Promise<Performed>
  /** What the running server tells of its tools right now. Rejects with {@link ServerUnavailable} where it does not run. */
  list(): Promise<ToldTools>
  /** All that the running server tells of itself right now. Rejects as `list` does. */
  tell(): Promise<ToldServer>
  content(request: ContentRequest): Promise<Json>
  status(): ServerStatus
  /** Lets the calls that are under way settle, and then closes. */
  retire(): Promise<void>
  close(): Promise<void>
}

export interface UpstreamCall {
  patience: Patience
  onProgress: ((progress: Progress) => void) | undefined
}

export interface UpstreamOptions {
  launch: (server: ServerManifest) => Launch | RemoteServer | Promise<Launch | RemoteServer>
  sealers: (run_id: string) => Sealer | Promise<Sealer>
  verdicts: EraVerdicts
  limits: Limits
  now: () => Date
  random: () => number
  log: { warn(details: object, message: string): void }
}

/** Of one process: faults, and changes of its tools, that are logged one by one. */
const mostLogged = 5

export function openUpstream(server: ServerManifest, options: UpstreamOptions): Upstream {
  const { launch, sealers, verdicts, now, random, log } = options
  const limits = limitsOf(server, options.limits)
  const { name } = server
  const guard = circuit(limits, random)
  const places = lanes(server.concurrency ?? limits.concurrency)
  const closing = new AbortController()
  const use = inUse()
  let faults = 0
  /** By processes that are gone. */
  let deniedBefore = 0

  const supervisor = supervise({
    server: name,
    limits,
    now: () => now().getTime(),
    random,
    connect: startAndConnect,
    onTrouble({ message }, cause) {
      const lastWords = cause instanceof ConnectError ? cause.lastWords : []
      const reason = cause instanceof Error ? cause.message : message
      log.warn({ server: name, reason, stderr: lastWords }, 'capability server is not running')
    },
  })

  async function startAndConnect(signal: AbortSignal): Promise<Connection> {
    const launched = await launchUnless(signal)
    const broker = brokerOf(launched)
    const leave = async () => {
      deniedBefore += broker?.denied() ?? 0
      await broker?.close().catch(notRemoved)
    }
    try {
      const connection = await connectTo(launched, signal)
      // Whoever waits until nothing is left waits for the broker, too; and what cannot be removed ends nobody.
      return { ...connection, gone: connection.gone.catch(notRemoved).then(leave) }
    } catch (error) {
      await leave()
      throw error
    }
  }

  function notRemoved(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    log.warn({ server: name, reason }, 'something of a capability server that ended could not be removed')
  }

  function connectTo(launched: Launch | RemoteServer, signal: AbortSignal): Promise<Connection> {
    let changes = 0
    const options: ConnectOptions = {
      verdicts,
      limits,
      signal,
      onFault(fault, count) {
        faults += 1
        if (count <= mostLogged) log.warn({ server: name, fault }, 'capability server broke the protocol')
      },
      onQuarantine(tools) {
        changes += 1
        if (changes > mostLogged) return
        log.warn(
          { server: name, tools: Object.fromEntries(tools) },
          'capability server offers other tools than reviewed',
        )
      },
    }
    return 'url' in launched ? connectRemote(server, launched, options) : connect(server, launched, options)
  }

  /** What is needed to start it may come from elsewhere (an emulator, a database), and may not come. */
  async function launchUnless(signal: AbortSignal): Promise<Launch | RemoteServer> {
    signal.throwIfAborted()
    const wait = patience({ cancel: signal, remainingMs: limits.launchMs })
    const launching = Promise.resolve(launch(server))
    try {
      return await orAborted(launching, wait.signal)
    } catch (error) {
      // It may still come, and nobody else would close what it opened.
      launching.then((launched) => brokerOf(launched)?.close()).catch(() => undefined)
      if (wait.ranOut() !== 'too_late') throw error
      throw new Error(`${name}: its endpoints and credentials were not there within ${limits.launchMs} ms`)
    } finally {
      wait.release()
    }
  }

  /** What refuses a call while the circuit is open. */
  function refusal(tool: Tool): Performed | undefined {
    const pause = guard.refusesFor()
    if (pause === undefined) return undefined
    const message = `${name} failed too often in a row: ${tool.id} was not sent, and may be tried again in ${seconds(pause)}`
    return { outcome: notPerformed('unavailable', message, pause), evidence: 'none', elsewhere: true }
  }

  async function attempt(tool: Tool, request: CallRequest, { patience, onProgress }: UpstreamCall): Promise<Performed> {
    let connection: Connection | undefined
    try {
      connection = await supervisor.connection(patience.signal)
      const sealer = await orAborted(Promise.resolve(sealers(request.run_id)), patience.signal)
      const performed = await performCall({ request, tool, connection, sealer, patience, limits, onProgress })
      if (performed.evidence === 'answered') supervisor.trust(connection)
      return performed
    } catch (error) {
      return unsent(tool, error, patience, connection)
    } finally {
      const why = patience.ranOut()
      if (connection && why !== undefined && why !== 'closing') supervisor.suspect(connection)
    }
  }

  function unsent(tool: Tool, error: unknown, { ranOut }: Patience, connection: Connection | undefined): Performed {
    const why = ranOut()
    if (why !== undefined) return { outcome: notSent(tool, why), evidence: 'none' }
    if (error instanceof ServerUnavailable) {
      const isOurs = error.misconfigured || error.unauthorized
      const kind = isOurs ? 'unauthorized' : 'unavailable'
      const message = `${error.message}; ${tool.id} was not sent`
      const evidence = isOurs ? 'none' : 'failed'
      return { outcome: notPerformed(kind, message, error.retryAfterMs), evidence, elsewhere: !error.misconfigured }
    }
    if (connection && !connection.isOpen()) {
      const outcome = notPerformed('unavailable', `${name} ended before ${tool.id} was sent`)
      return { outcome, evidence: 'failed', elsewhere: true }
    }
    throw error
  }

  async function close(): Promise<void> {
    closing.abort()
    await supervisor.close()
  }

  return {
    async start() {
      await supervisor.connection(closing.signal)
    },
    call: (tool, request, call) =>
      use.during(async () => {
        const refused = refusal(tool)
        if (refused) return refused
        const leave = await places.enter(call.patience.signal).catch(() => undefined)
        if (!leave) return { outcome: notSent(tool, call.patience.ranOut() ?? 'cancelled'), evidence: 'none' }
        try {
          return refusal(tool) ?? (await guard.run(() => attempt(tool, request, call)))
        } finally {
          leave()
        }
      }),
    list: async () => (await supervisor.connection(closing.signal)).list(),
    tell: async () => (await supervisor.connection(closing.signal)).tell(),
    content: async (request) => (await supervisor.connection(closing.signal)).content(request),
    status() {
      const { is, connection, retryAt, ends, lastTrouble } = supervisor.state()
      const pause = guard.refusesFor()
      const retry = Math.max(retryAt ?? 0, pause === undefined ? 0 : now().getTime() + pause)
      const pid = connection?.pid()
      return {
        server: name,
        state: is,
        circuit: guard.state(),
        calls: { in_flight: places.taken(), queued: places.waiting() },
        ends,
        protocol_faults: faults,
        denied_egress: deniedBefore + (connection?.broker?.denied() ?? 0),
        quarantined: [...(connection?.tools.seen() ?? [])].map(([tool, why]) => ({ tool, why })),
        ...(pid !== undefined && { pid }),
        ...(connection && { era: connection.era }),
        ...(retry > 0 && { retry_at: new Date(retry).toISOString() }),
        ...(lastTrouble && {
          last_error: { at: new Date(lastTrouble.at).toISOString(), message: lastTrouble.message },
        }),
      }
    },
    async retire() {
      await use.over()
      await close()
    },
    close,
  }
}

/** A server elsewhere has none: its network is not ours to watch. */
function brokerOf(launched: Launch | RemoteServer): Broker | undefined {
  return 'url' in launched ? undefined : launched.broker
}

/** What its manifest grants a server is never more than what any server is granted. */
function limitsOf({ jail }: ServerManifest, limits: Limits): Limits {
  if (!jail) return limits
  return { ...limits, resultBytes: Math.min(limits.resultBytes, jail.output_mb * 1_024 * 1_024) }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
