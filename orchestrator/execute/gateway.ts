import { digest, type Json } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { ToldServer } from '../model/told-server.ts'
import type { ContentRequest } from './ask-content.ts'
import { killOrphans } from './launch-mark.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { ToldTools } from './list-tools.ts'
import { notPerformed } from './outcome.ts'
import { patience } from './patience.ts'
import type { Performed } from './perform-call.ts'
import { openReplicas } from './replicas.ts'
import { ServerUnavailable } from './supervise.ts'
import { openUpstream, type Upstream, type UpstreamOptions } from './upstream.ts'

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
  /** All that a server tells of itself right now. Rejects as `list` does. */
  tell(server: string): Promise<ToldServer>
  /** One resource or prompt of a server, to show it to a person. Rejects as `list` does, and where there is no such thing. */
  content(server: string, request: ContentRequest): Promise<Json>
  /**
   * From now on these are the reviewed servers. One that changed, or is none any more, ends when the calls that are under way
   * have settled; what is new or changed is started, as by `start`.
   */
  adopt(next: Catalogue): Promise<void>
  /** How the servers that were needed so far are. */
  status(): ServerStatus[]
  /** The processes that run right now. */
  pids(): number[]
  /** Ends every connection and process; calls in flight settle as lost. */
  close(): Promise<void>
}

export interface GatewayOptions extends Omit<UpstreamOptions, 'launch' | 'limits' | 'random'> {
  catalogue: Catalogue
  /**
   * How to start a server, or where its nth instance (from 0) runs; asked again at each (re)start, so that a rotated
   * credential is picked up.
   */
  launch: (server: ServerManifest, instance: number) => ReturnType<UpstreamOptions['launch']>
  /** In how many instances a server runs elsewhere; one unless said. */
  instancesOf?: (server: ServerManifest) => number
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
  const { now, log, random = Math.random } = options
  let { catalogue } = options
  const limits = { ...defaultLimits, ...options.limits }
  const upstreams = new Map<string, Upstream>()
  /** Server → until nothing is left of what it was before. */
  const leaving = new Map<string, Promise<void>>()
  const closing = new AbortController()
  let closed: Promise<unknown> | undefined

  function upstreamOf(server: ServerManifest): Upstream {
    const known = upstreams.get(server.name)
    if (known) return known
    const opened = openAll(server)
    upstreams.set(server.name, opened)
    return opened
  }

  function openAll(server: ServerManifest): Upstream {
    const open = (instance: number, log: UpstreamOptions['log']) => {
      const launch: UpstreamOptions['launch'] = async (launched) => {
        // Two processes of one server would share its folder.
        await leaving.get(server.name)
        return options.launch(launched, instance)
      }
      return openUpstream(server, { ...options, limits, random, log, launch })
    }
    const count = options.instancesOf?.(server) ?? 1
    if (count === 1) return open(0, log)
    const instances = Array.from({ length: count }, (_, instance) =>
      open(instance, { warn: (details, message) => log.warn({ ...details, instance }, message) }),
    )
    return openReplicas(instances, { server: server.name, limits, now, random })
  }

  async function startAll(servers: readonly string[]): Promise<void> {
    const known = servers.flatMap((name) => catalogue.servers.get(name) ?? [])
    const starts = await Promise.allSettled(known.map((server) => upstreamOf(server).start()))
    const faults = starts.flatMap(({ status, ...start }) =>
      'reason' in start && start.reason instanceof ServerUnavailable && start.reason.misconfigured
        ? [start.reason]
        : [],
    )
    if (faults.length > 0) throw new ServersMisconfigured(faults.map(({ message }) => message).join('\n'))
  }

  function leave(name: string): void {
    const upstream = upstreams.get(name)
    if (!upstream) return
    upstreams.delete(name)
    const last = leaving.get(name)
    leaving.set(
      name,
      Promise.all([last, upstream.retire()]).then(() => undefined),
    )
  }

  function reviewed(name: string): ServerManifest {
    const server = catalogue.servers.get(name)
    if (!server) throw new RangeError(`${name} is not in the reviewed manifest`)
    return server
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
      return await upstreamOf(server).call(tool, request, { patience: wait, onProgress })
    } finally {
      wait.release()
    }
  }

  return {
    async start(servers) {
      // What a killed gateway left behind holds the folders that these servers need.
      await killOrphans()
      if (closing.signal.aborted) return
      await startAll(servers)
    },
    async adopt(next) {
      const before = catalogue
      catalogue = next
      const changed = [...new Set([...before.servers.keys(), ...next.servers.keys()])].filter(
        (name) => identityOf(before, name) !== identityOf(next, name),
      )
      for (const name of changed) leave(name)
      if (!closing.signal.aborted) await startAll(changed)
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
    list: async (name) => upstreamOf(reviewed(name)).list(),
    tell: async (name) => upstreamOf(reviewed(name)).tell(),
    content: async (name, request) => upstreamOf(reviewed(name)).content(request),
    status: () => [...upstreams.values()].map((upstream) => upstream.status()),
    pids: () => [...upstreams.values()].flatMap((upstream) => upstream.status().pid ?? []),
    async close() {
      closing.abort()
      closed ??= Promise.all([...[...upstreams.values()].map((upstream) => upstream.close()), ...leaving.values()])
      await closed
    },
  }
}

/** What a process is started by, and what it is held to. */
function identityOf({ servers, joined }: Catalogue, name: string): string | undefined {
  const server = servers.get(name)
  return server && digest([server, joined?.get(name) ?? null])
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
