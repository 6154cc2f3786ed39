import { digest, type Json } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { CallRequest, CallResult, Progress } from '../model/call.ts'
import type { Catalogue, Tool } from '../model/catalogue.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { ToldServer } from '../model/told-server.ts'
import type { ContentRequest } from './ask-content.ts'
import { killOrphans } from './launch-mark.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { ToldTools } from './list-tools.ts'
import { LoginError } from './oauth/login-error.ts'
import type { LoginInUse } from './oauth/open-logins.ts'
import { notPerformed } from './outcome.ts'
import { orAborted, type Patience, patience } from './patience.ts'
import { notSent, type Performed } from './perform-call.ts'
import { openReplicas } from './replicas.ts'
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
  /** All that a server tells of itself right now. Rejects as `list` does. */
  tell(server: string): Promise<ToldServer>
  /** One resource or prompt of a server, to show it to a person. Rejects as `list` does, and where there is no such thing. */
  content(server: string, request: ContentRequest): Promise<Json>
  /**
   * From now on these are the reviewed servers. One that changed, or is none any more, ends when the calls that are under way
   * have settled; what is new or changed is started, as by `start`.
   */
  adopt(next: Catalogue): Adoption
  /** Resolves when nothing is left of the processes of a server that are to end. */
  gone(server: string): Promise<void>
  /** How the servers that were needed so far are. */
  status(): ServerStatus[]
  /** The processes that run right now. */
  pids(): number[]
  /** Ends every connection and process; calls in flight settle as lost. */
  close(): Promise<void>
}

/** What became of the servers when others were reviewed. */
export interface Adoption {
  joined: string[]
  changed: string[]
  left: string[]
  /** Settles as `start` does, for those that joined or changed. */
  started: Promise<void>
}

/** Which of a server's upstreams is started. */
export interface Launching {
  /** The nth instance, from 0. */
  instance: number
  /** Whose it is, at a server where each principal logs in. */
  login?: LoginInUse | undefined
}

export interface GatewayOptions extends Omit<UpstreamOptions, 'launch' | 'limits' | 'random'> {
  catalogue: Catalogue
  /**
   * How to start a server, or where an instance of it runs and what lets us in there; asked again at each (re)start, so that
   * a rotated credential is picked up.
   */
  launch: (server: ServerManifest, which: Launching) => ReturnType<UpstreamOptions['launch']>
  /** What its processes are started by besides the manifest; asked when servers are adopted. Nothing unless said. */
  setUpOf?: (server: string) => unknown
  /** In how many instances a server runs elsewhere; one unless said. */
  instancesOf?: (server: ServerManifest) => number
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
  const { now, log, random = Math.random } = options
  let { catalogue } = options
  const limits = { ...defaultLimits, ...options.limits }
  const upstreams = openUpstreams(openAll)
  const closing = new AbortController()
  let closed: Promise<unknown> | undefined
  let identities = identitiesOf(catalogue)

  /** Server → what its processes are started by, and held to. */
  function identitiesOf({ servers, joined }: Catalogue): Map<string, string> {
    const identities = [...servers].map(([name, server]): [string, string] => {
      const setUp = options.setUpOf?.(name) ?? null
      return [name, digest([server, joined?.get(name) ?? null, setUp])]
    })
    return new Map(identities)
  }

  /** As the operator. Rejects where the server is not reviewed, and where nobody is logged in there who has to be. */
  async function upstreamOf(name: string): Promise<Upstream> {
    const finding = options.loginOf?.(reviewed(name))
    // What is opened once the gateway closes nobody would close.
    const login = finding && (await orAborted(finding, closing.signal))
    // What is reviewed may have changed meanwhile.
    return upstreams.of(reviewed(name), login)
  }

  /** All instances of a server, as one. */
  function openAll(server: ServerManifest, login: LoginInUse | undefined): Upstream {
    const open = (instance: number, log: UpstreamOptions['log']) => {
      const launch: UpstreamOptions['launch'] = async (launched) => {
        // Two processes of one server would share its folder; where somebody logs in there is none.
        if (!login) await upstreams.gone(server.name)
        return options.launch(launched, { instance, login })
      }
      return openUpstream(server, { ...options, limits, random, log, launch })
    }
    const count = options.instancesOf?.(server) ?? 1
    if (count === 1) return open(0, log)
    const instances = Array.from({ length: count }, (_, instance) =>
      open(instance, { warn: (details, message) => log.warn({ ...details, instance }, message) }),
    )
    const all = openReplicas(instances, { server: server.name, limits, now, random })
    // Calls go to instances that are there, and those of a login are started by nobody else. Its calls say why one is not.
    if (login) all.start().catch(() => undefined)
    return all
  }

  async function startAll(servers: readonly string[]): Promise<void> {
    const known = servers.filter((name) => catalogue.servers.has(name))
    const starts = await Promise.allSettled(known.map(async (name) => (await upstreamOf(name)).start()))
    const faults = starts.flatMap(({ status, ...start }) =>
      'reason' in start && start.reason instanceof ServerUnavailable && start.reason.misconfigured
        ? [start.reason]
        : [],
    )
    if (faults.length > 0) throw new ServersMisconfigured(faults.map(({ message }) => message).join('\n'))
  }

  function reviewed(name: string): ServerManifest {
    const server = catalogue.servers.get(name)
    if (!server) throw new RangeError(`${name} is not in the reviewed manifest`)
    return server
  }

  function reviewedTool({ server: name, tool: toolName }: CallRequest) {
    const tool = catalogue.tools.get(`${name}.${toolName}`)
    const server = catalogue.servers.get(name)
    return tool && server && { tool, server }
  }

  async function perform(request: CallRequest, { signal, onProgress }: CallOptions): Promise<Performed> {
    const asked = reviewedTool(request)
    if (!asked) return notReviewed(request)
    const remainingMs = Date.parse(request.deadline) - now().getTime()
    const wait = patience({ cancel: signal, closing: closing.signal, remainingMs })
    try {
      const finding = options.loginOf?.(asked.server, request.run_id)
      const login =
        finding &&
        (await orAborted(finding, wait.signal).catch((error: unknown) => withoutLogin(asked.tool, error, wait)))
      if (login && 'outcome' in login) return login
      // What is reviewed may have changed meanwhile.
      const found = reviewedTool(request)
      if (!found) return notReviewed(request)
      const upstream = upstreams.of(found.server, login)
      const performed = await upstream.call(found.tool, request, { patience: wait, onProgress })
      // What the server holds may be an old credential: whoever asks next gets a process with what is there then.
      if (isUnauthorized(performed) && holdsCredential(found.server)) upstreams.replace(upstream)
      return performed
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
    adopt(next) {
      const before = identities
      catalogue = next
      identities = identitiesOf(next)
      const joined = [...identities.keys()].filter((name) => !before.has(name))
      const left = [...before.keys()].filter((name) => !identities.has(name))
      const changed = [...before].flatMap(([name, identity]) =>
        identities.has(name) && identities.get(name) !== identity ? [name] : [],
      )
      for (const name of [...changed, ...left]) upstreams.leave(name)
      const started = closing.signal.aborted ? Promise.resolve() : startAll([...joined, ...changed])
      return { joined, changed, left, started }
    },
    gone: (name) => upstreams.gone(name),
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
    list: async (name) => (await upstreamOf(name)).list(),
    tell: async (name) => (await upstreamOf(name)).tell(),
    content: async (name, request) => (await upstreamOf(name)).content(request),
    status: () => upstreams.status(),
    pids: () => upstreams.status().flatMap(({ pid }) => pid ?? []),
    async close() {
      closing.abort()
      closed ??= upstreams.close()
      await closed
    },
  }
}

function isUnauthorized({ outcome }: Performed): boolean {
  return outcome.status === 'failed' && outcome.failure.kind === 'unauthorized'
}

/** A credential that a request gets on its way out is none that the server holds. */
function holdsCredential({ credentials }: ServerManifest): boolean {
  return Object.values(credentials).some(({ delivery }) => delivery === 'env')
}

function notReviewed({ server, tool }: CallRequest): Performed {
  return { outcome: notPerformed('denied', `${server}.${tool} is not in the reviewed manifest`), evidence: 'none' }
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
