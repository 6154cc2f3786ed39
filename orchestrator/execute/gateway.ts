import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue, Tool } from '../model/catalogue.ts'
import type { ServerStatus } from '../model/server-status.ts'
import { killOrphans } from './launch-mark.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { ToldTools } from './list-tools.ts'
import { LoginError } from './oauth/login-error.ts'
import type { LoginInUse } from './oauth/open-logins.ts'
import { notPerformed } from './outcome.ts'
import { orAborted, type Patience, patience } from './patience.ts'
import { notSent, type Performed } from './perform-call.ts'
import { ServerUnavailable } from './supervise.ts'
import { openUpstream, type Upstream, type UpstreamOptions } from './upstream.ts'
import { openUpstreams } from './upstreams.ts'

/** What goes with a call. */
export interface CallOptions {
  /** Cancels the call; the outcome then says whether anything may have been done. */
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** The one door to the capability servers. */
export interface Gateway {
  /**
   * Starts these servers at the same time. One that does not start is tried again later, and its calls say why they fail;
   * but where a person has to mend the configuration first, this rejects with a {@link ServersMisconfigured}.
   */
  start(servers: readonly string[]): Promise<void>
  /** Makes one call. Never throws: whatever happens is an outcome. */
  call(request: CallRequest, options: CallOptions): Promise<CallResult>
  /** What a server tells of its tools right now. Rejects where it does not run, or is not in the reviewed manifest. */
  list(server: string): Promise<ToldTools>
  /** How the servers that were needed so far are. */
  status(): ServerStatus[]
  /** The processes that run right now. */
  pids(): number[]
  /** Ends every connection and process; calls in flight settle as lost. */
  close(): Promise<void>
}

export interface GatewayOptions extends Omit<UpstreamOptions, 'limits' | 'random' | 'launch'> {
  catalogue: Catalogue
  /**
   * How to start a server, or where it runs and what lets us in there; asked again at each (re)start, so that a rotated
   * credential is picked up.
   */
  launch: (server: ServerManifest, login?: LoginInUse) => ReturnType<UpstreamOptions['launch']>
  /**
   * The login by which a run's calls go, or without a run the operator's own, at a server where each principal logs in;
   * undefined at any other. Rejects with a `LoginError` that says how to log in.
   */
  loginOf?: (server: ServerManifest, run_id?: string) => Promise<LoginInUse> | undefined
  /** The sealer of a run; sensitive values are open only here and in the server. */
  sealers: UpstreamOptions['sealers']
  /** What differs from the default limits. */
  limits?: Partial<Limits>
  /** In [0, 1); spreads restarts and retries. */
  random?: () => number
}

/** Servers that cannot work before a person has mended the configuration. */
export class ServersMisconfigured extends Error {
  override readonly name = 'ServersMisconfigured'
}

/** Opens the gateway; no server is started before it is needed. */
export function openGateway(options: GatewayOptions): Gateway {
  const { catalogue, now, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const upstreams = openUpstreams((server, login) =>
    openUpstream(server, {
      ...options,
      launch: (manifest) => options.launch(manifest, login),
      limits,
      random: options.random ?? Math.random,
    }),
  )
  const closing = new AbortController()
  let closed: Promise<unknown> | undefined

  /** A promise only where a login has to be found first. */
  function upstreamOf(server: ServerManifest, run_id?: string): Upstream | Promise<Upstream> {
    const finding = options.loginOf?.(server, run_id)
    return finding ? finding.then((login) => upstreams.of(server, login)) : upstreams.of(server)
  }

  async function perform(request: CallRequest, { signal, onProgress }: CallOptions): Promise<Performed> {
    const tool = catalogue.tools.get(`${request.server}.${request.tool}`)
    const server = catalogue.servers.get(request.server)
    if (!tool || !server) {
      const message = `${request.server}.${request.tool} is not in the reviewed manifest`
      return { outcome: notPerformed('denied', message), evidence: 'none' }
    }
    const remainingMs = Date.parse(request.deadline) - now().getTime()
    const wait = patience({ cancel: signal, closing: closing.signal, remainingMs })
    try {
      const found = upstreamOf(server, request.run_id)
      const upstream =
        found instanceof Promise
          ? await orAborted(found, wait.signal).catch((error: unknown) => withoutLogin(tool, error, wait))
          : found
      return 'outcome' in upstream ? upstream : await upstream.call(tool, request, { patience: wait, onProgress })
    } finally {
      wait.release()
    }
  }

  return {
    async start(servers) {
      // What a killed gateway left behind holds the folders that these servers need.
      await killOrphans()
      if (closing.signal.aborted) return
      const known = servers.flatMap((name) => catalogue.servers.get(name) ?? [])
      const starts = await Promise.allSettled(known.map(async (server) => (await upstreamOf(server)).start()))
      const faults = starts.flatMap(({ status, ...start }) =>
        'reason' in start && start.reason instanceof ServerUnavailable && start.reason.misconfigured
          ? [start.reason]
          : [],
      )
      if (faults.length > 0) throw new ServersMisconfigured(faults.map(({ message }) => message).join('\n'))
    },
    async call(request, callOptions) {
      const started_at = now().toISOString()
      const {
        outcome,
        era,
        egress = [],
      } = await perform(request, callOptions).catch((error: unknown): Performed => {
        log.warn(
          { run_id: request.run_id, call_id: request.call_id, reason: messageOf(error) },
          'call could not be prepared',
        )
        const message = `${request.server}.${request.tool} could not be prepared; nothing was sent`
        return { outcome: notPerformed('internal', message), evidence: 'none' }
      })
      return { outcome, ...(era !== undefined && { era }), started_at, settled_at: now().toISOString(), egress }
    },
    async list(name) {
      const server = catalogue.servers.get(name)
      if (!server) throw new RangeError(`${name} is not in the reviewed manifest`)
      return (await upstreamOf(server)).list()
    },
    status: () => upstreams.status(),
    pids: () => upstreams.status().flatMap(({ pid }) => pid ?? []),
    async close() {
      closing.abort()
      closed ??= upstreams.close()
      await closed
    },
  }
}

/** What becomes of a call whose login could not be had. */
function withoutLogin(tool: Tool, error: unknown, { ranOut }: Patience): Performed {
  const why = ranOut()
  if (why !== undefined) return { outcome: notSent(tool, why), evidence: 'none' }
  if (!(error instanceof LoginError)) throw error
  const kind = error.passing ? 'unavailable' : 'unauthorized'
  return { outcome: notPerformed(kind, `${error.message}; ${tool.id} was not sent`), evidence: 'none' }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
