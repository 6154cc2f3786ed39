import { join } from 'node:path'
import { InputError, type OpenOptions, type Remit, type Work, type Worker } from './cli/remit.ts'
import type { Config } from './config.ts'
import type { ModelEndpoint } from './decide/claude/endpoint.ts'
import { planner } from './decide/planner/planner.ts'
import type { Policy } from './enforce/policy/policy.ts'
import type { Gateway } from './execute/gateway.ts'
import { openTokenKeys } from './execute/tokens/token-keys.ts'
import { findWorkspaceUrl } from './find-workspace-url.ts'
import { followServers } from './follow-servers.ts'
import { checkSlots, goingLive } from './go-live.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import type { StopBy } from './home/stop-process.ts'
import { jwksRoute } from './http/jwks-route.ts'
import { keepEmulators } from './keep-emulators.ts'
import { keepLogins } from './keep-logins.ts'
import { liveConfig } from './live-config.ts'
import { mcpScopes } from './mcp/backend.ts'
import { serveRemitStdio } from './mcp/serve-remit-stdio.ts'
import type { Catalogue } from './model/catalogue.ts'
import { localOperator } from './model/decider.ts'
import { draft } from './model/event.ts'
import type { Goal } from './model/goal.ts'
import type { KnownReasoner } from './model/known-reasoner.ts'
import { liveCatalogue } from './model/live-catalogue.ts'
import { digestSealed } from './model/seal.ts'
import { fold } from './model/situation.ts'
import { withSubGoals } from './model/sub-goals.ts'
import { CassetteError, recordTo, replayFrom } from './model-cassette.ts'
import { notePolicy } from './note-policy.ts'
import { openLog } from './observe/open-log.ts'
import type { Tracer } from './observe/tracer.ts'
import { type McpDoor, openMcpDoor } from './open-mcp-door.ts'
import { type OpenPursuits, openPursuits } from './open-pursuits.ts'
import { type OpenTriggers, openTriggers } from './open-triggers.ts'
import { endpointOf, openReasoners } from './reasoners.ts'
import type { ApiKeys } from './record/api-keys.ts'
import { openRecord } from './record/open-record.ts'
import { QueryError } from './record/queries.ts'
import { type Answer, AnswerError, answer, decideApproval, requestCancel } from './run/answer.ts'
import { CancellableGateway } from './run/cancellable-gateway.ts'
import type { RunReasoner } from './run/parts.ts'
import { planOnly } from './run/plan-only.ts'
import { replay } from './run/replay.ts'
import { tryPolicy } from './run/try-policy.ts'
import { serveHttp } from './serve-http.ts'
import { checkFaults, type Place, startServers } from './start-servers.ts'
import type { Trigger } from './triggers/trigger.ts'

/** Throws {@link InputError} with what can be known to be wrong before anything is started. */
export async function checkOpening(config: Config, catalogue: Catalogue, options: OpenOptions): Promise<void> {
  checkFaults(config, catalogue, options.faults ?? {})
  checkReasoner(config, options)
  if (options.servers) await checkSlots(config, catalogue)
}

function checkReasoner({ claude }: Config, { reasoner, cassette }: OpenOptions): void {
  const isReplayed = cassette !== undefined && 'replay' in cassette
  if (reasoner === 'claude' && claude.apiKey === undefined && !isReplayed)
    throw new InputError('Claude needs ANTHROPIC_API_KEY; for an endpoint that takes any key, set it to any word')
}

/** The endpoint of a cassette, or undefined where the configured one is asked and nothing is written down. */
function endpointFor({ claude }: Config, { cassette }: OpenOptions): ModelEndpoint | undefined {
  if (cassette === undefined) return undefined
  try {
    return 'replay' in cassette ? replayFrom(cassette.replay) : recordTo(cassette.record, endpointOf(claude))
  } catch (error) {
    if (error instanceof CassetteError) throw new InputError(error.message)
    throw error
  }
}

/** Joins the home, opens the record and, where calls will be made, starts emulators and servers. Whatever fails on the way is closed. */
export async function openRemit(
  given: Config,
  { catalogue, goals, policy, triggers }: Opening,
  options: OpenOptions,
): Promise<Remit> {
  const config = liveConfig(given)
  const wholeCatalogue = liveCatalogue(withSubGoals(catalogue, goals))
  const goalNamed = (name: string) => goals.find(({ goal }) => goal === name)
  await checkOpening(config, catalogue, options)
  if (options.servers && (await goingLive(config, catalogue)))
    throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
  const faults = options.servers ? (options.faults ?? {}) : undefined
  const home = openHome(config.home)
  const membership = await joinHome(home)
  await using opening = new AsyncDisposableStack()
  opening.defer(() => membership.leave())
  // Both take a while and neither needs the other; leaving the home waits for what is still starting.
  const bringingUp = faults && keepEmulators(config, catalogue, { home, membership }, faults, options)
  bringingUp?.catch(() => {})
  opening.defer(async () => (await bringingUp?.catch(() => undefined))?.close())
  options.onStarting?.('Postgres')
  const { databaseUrl } = config
  const record = await openRecord({ home, membership, databaseUrl })
  opening.defer(() => record.close())
  options.onStarted?.('Postgres')
  options.signal?.throwIfAborted()
  const emulators = await bringingUp
  options.signal?.throwIfAborted()
  const log = openLog(join(home.logs, 'remit.log'))
  const tracer = await openTracer(config)
  if (tracer) opening.defer(() => tracer.close())
  const place = { home, membership, record }
  const servers = emulators && { home, emulators, record, log }
  const gateway = faults && servers && (await startServers(config, wholeCatalogue, servers, faults, options))
  if (gateway && emulators) {
    opening.defer(() => gateway.close())
    const following = followServers({
      config,
      read: catalogue,
      catalogue: wholeCatalogue,
      goals,
      gateway,
      emulators,
      log,
    })
    opening.defer(() => following.close())
  }
  if (gateway) await notePolicy(record, policy, { file: config.policyFile, by: config.owner.principal })
  const reasoners = openReasoners(config.claude, endpointFor(config, options))
  const { reasoner = 'planner' } = options
  const calling = gateway && new CancellableGateway(gateway)
  const known = { config, policy, catalogue: wholeCatalogue, goalNamed, record, gateway: calling, log, tracer }
  const pursuing = await openPursuits({ ...known, reasoners, reasoner })
  opening.defer(() => pursuing.close())
  const started = openTriggers({ config, triggers, goalNamed, record, pursuing })
  const decides = reasoners.named(reasoner)
  let door: Promise<McpDoor> | undefined
  opening.defer(async () => (await door)?.close())
  const openDoor = async (): Promise<McpDoor | undefined> => {
    door ??=
      calling &&
      openMcpDoor({
        home,
        goals,
        catalogue: wholeCatalogue,
        reasoners: reasoners.known,
        record,
        pursuing,
        gateway: calling,
      })
    return door
  }
  const parts = {
    catalogue: wholeCatalogue,
    goals,
    policy,
    gateway,
    pursuing,
    decides,
    reasoners: reasoners.known,
    triggers: started,
    openDoor,
  }
  const opened = opening.move()
  return remitOf(config, parts, place, () => opened.disposeAsync())
}

/** OpenTelemetry is loaded only where somebody wants it. */
async function openTracer({ tracesEndpoint }: Config): Promise<Tracer | undefined> {
  if (tracesEndpoint === undefined) return undefined
  const { openTelemetry, otlpExporter } = await import('./observe/open-telemetry.ts')
  return openTelemetry(otlpExporter(tracesEndpoint))
}

/** What is known before anything is started. */
export interface Opening {
  catalogue: Catalogue
  goals: readonly Goal[]
  policy: Policy
  triggers: readonly Trigger[]
}

/** A worker that also looks after schedules and queues; they stop first, so that nothing new comes while calls settle. */
function workFed(pursuing: OpenPursuits, triggers: OpenTriggers, options: Work): Worker {
  const worker = pursuing.work(options)
  const feeding = triggers.start(options.onTrouble)
  return {
    stop: worker.stop,
    async close(graceMs) {
      await feeding.close()
      await worker.close(graceMs)
    },
  }
}

/** How commands that `remit stop` ends are called, before their process id. */
export const enlistedAs = 'remit start '

/** Longer than `remit start` gives itself to let calls settle. */
const stopBy: StopBy = { signal: 'SIGTERM', graceMs: 75_000 }

interface RemitParts {
  /** Sub-goals included. */
  catalogue: Catalogue
  goals: readonly Goal[]
  policy: Policy
  gateway: Gateway | undefined
  pursuing: OpenPursuits
  /** Who decides for runs that are started by a command. */
  decides: RunReasoner
  reasoners: readonly KnownReasoner[]
  triggers: OpenTriggers
  /** Undefined where nothing is called in this process. */
  openDoor(): Promise<McpDoor | undefined>
}

function remitOf(
  config: Config,
  parts: RemitParts,
  { home, membership, record }: Place,
  close: () => Promise<void>,
): Remit {
  const { catalogue, policy, pursuing } = parts
  const { journal, queries, verifier } = record
  const { pursuits, desk, wake } = pursuing
  const { tenant, principal } = config.owner
  const said = (choice: string, why: string | undefined): Answer => ({
    choice,
    by: principal,
    ...(why === undefined ? {} : { why }),
  })
  return {
    emulated: emulatedVendors(config, catalogue),
    createRun: (goal, input, { detach = false } = {}) => pursuing.createRun(goal, input, { mine: !detach }),
    async pursue(runId, { signal, cancel, ...watch }) {
      const { mode } = fold(await journal.read(runId)).created
      if (mode !== config.mode)
        throw new InputError(
          `Run ${runId} is ${mode}: pursue it with REMIT_MODE=${mode}, not on ${config.mode} vendors`,
        )
      const situation = await pursuits.untilItRests(runId, {
        ...watch,
        signal,
        cancel: onBehalfOf(principal, cancel),
      })
      await record.signHeads()
      return situation ?? fold(await journal.read(runId))
    },
    async fork(runId, seq) {
      const events = await journal.read(runId)
      if (seq > events.length) throw new InputError(`Run ${runId} has ${events.length} events, and no place ${seq}`)
      return pursuing.forkRun(fold(events.slice(0, seq)), { mine: true })
    },
    async replay(runId) {
      const parts = { reasoner: planner, catalogue, policy, digestArguments: digestSealed }
      return replay(await journal.read(runId), parts)
    },
    async tryPolicy(runId, other) {
      return tryPolicy(await journal.read(runId), { catalogue, policy: other })
    },
    work: (options) => workFed(pursuing, parts.triggers, options),
    enqueue: (queue, message) => record.outbox.enqueue(queue, message),
    async refusedMessages() {
      const refused = await record.outbox.refused()
      return refused.map((one) => ({ ...one, enqueued_at: one.enqueued_at.toISOString() }))
    },
    async serveHttp(options) {
      const modules = [parts.triggers.webhooks, jwksRoute(openTokenKeys({ home, now: () => new Date() }))]
      return serveHttp({ config, record, ...parts, door: await parts.openDoor(), modules, ...options })
    },
    async serveMcp({ out, onDefect }) {
      const door = await parts.openDoor()
      if (!door) throw new TypeError('serveMcp: this Remit was opened without servers')
      const caller = { ...config.owner, id: 'local', scopes: new Set<string>(mcpScopes), ceiling: {} }
      return serveRemitStdio({ backend: door.backend, caller, out, onDefect })
    },
    keys: keysOf(config, record.apiKeys),
    logins: keepLogins(config, record),
    enlist: () => membership.enlist(`${enlistedAs}${process.pid}`, stopBy),
    planOnly: (goal, input) => planOnly({ goal, input, reasoner: parts.decides, catalogue, mode: config.mode }),
    async answer(runId, choice, { why, change } = {}) {
      const given = said(choice, why)
      const input = change && (await pursuing.changeInput(fold(await journal.read(runId)), change))
      await asInputError(AnswerError, () => answer(runId, input ? { ...given, input } : given, desk))
      await wake(runId)
    },
    async cancel(runId, why) {
      await asInputError(AnswerError, () => requestCancel(runId, said('cancel', why), desk))
      await wake(runId)
    },
    approvals: () => queries.openApprovals(tenant),
    async decideApproval(prefix, choice, why) {
      const open = (await queries.openApprovals(tenant)).filter(({ approval_id }) => approval_id.startsWith(prefix))
      const [found, another] = open
      if (!found) throw new InputError(`There is no open approval ${prefix}`)
      if (another) throw new InputError(`More than one approval starts with ${prefix}: give more of its id`)
      const { run_id, approval_id } = found
      await asInputError(AnswerError, () =>
        decideApproval(
          run_id,
          approval_id,
          { choice, decider: localOperator(principal), ...(why === undefined ? {} : { why }) },
          desk,
        ),
      )
      await wake(run_id)
      return run_id
    },
    findRun: (prefix) => asInputError(QueryError, async () => (await queries.runByPrefix(tenant, prefix)).run_id),
    situation: async (runId) => fold(await journal.read(runId)),
    events: (runId) => journal.read(runId),
    runs: async (filter) => (await queries.listRuns(tenant, filter)).runs,
    sql: (statement) => asInputError(QueryError, () => queries.sql(tenant, statement)),
    async *runsSince(since) {
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await queries.listRuns(tenant, { limit: 200, ...(cursor === undefined ? {} : { cursor }) })
        const wanted = page.runs.filter(({ created_at }) => Date.parse(created_at) >= since.getTime())
        yield* wanted
        cursor = wanted.length === page.runs.length ? page.next : undefined
      }
    },
    verify: (runId) => (runId === undefined ? verifier.verifyAll() : verifier.verifyRun(runId)),
    exportRun: (runId) => record.exporter.exportRun(runId),
    async psqlUrl(workspace) {
      if (workspace === undefined) return { url: record.readerUrl(tenant), what: "Remit's record, read-only" }
      const found = await asInputError(InputError, () => findWorkspaceUrl(home, workspace, record.embedded?.port))
      await journal.note([
        draft('system_noted', { what: 'secret_read', details: { secret: found.secret, by: principal } }),
      ])
      return { url: found.url, what: `the workspace ${workspace}` }
    },
    close,
  }
}

function keysOf({ owner }: Config, apiKeys: ApiKeys): Remit['keys'] {
  const { tenant: own, principal: created_by } = owner
  return {
    create: (key) => apiKeys.create({ tenant: own, created_by, ...key }),
    list: (tenant = own) => apiKeys.list(tenant),
    async revoke(keyId, tenant = own) {
      if (!(await apiKeys.revoke(tenant, keyId)))
        throw new InputError(`There is no valid key ${keyId}; remit keys list shows them`)
    },
  }
}

/** A cancel that names who asked: the principal, whatever the terminal calls them. */
function onBehalfOf(by: string, interrupt: AbortSignal): AbortSignal {
  const cancel = new AbortController()
  const pass = () => cancel.abort({ ...interrupt.reason, by })
  if (interrupt.aborted) pass()
  else interrupt.addEventListener('abort', pass, { once: true })
  return cancel.signal
}

function emulatedVendors({ mode }: Config, { servers }: Catalogue): Map<string, string> {
  if (mode === 'live') return new Map()
  return new Map([...servers.values()].flatMap(({ name, emulator }) => (emulator ? [[name, emulator.vendor]] : [])))
}

/** What a person got wrong is theirs to mend: exit code 2. */
async function asInputError<Result>(
  kind: new (...args: never[]) => Error,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof kind && !(error instanceof InputError)) throw new InputError(error.message)
    throw error
  }
}
