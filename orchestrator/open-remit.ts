import { join } from 'node:path'
import pino from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { JsonObject } from '../shared/json.ts'
import { mapAt } from '../shared/json-pointer.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { InputError, type OpenOptions, type Remit } from './cli/remit.ts'
import type { Config } from './config.ts'
import { planner } from './decide/planner/planner.ts'
import { policyDigest } from './enforce/policy.ts'
import { CredentialError } from './execute/credentials/resolve.ts'
import { ensureEmulator, setFault } from './execute/emulators.ts'
import { openEraVerdicts } from './execute/era-verdicts.ts'
import { type Gateway, openGateway } from './execute/gateway.ts'
import { launcher } from './execute/launcher.ts'
import { findWorkspaceUrl } from './find-workspace-url.ts'
import { type Home, openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'
import { draft } from './model/event.ts'
import type { Goal } from './model/goal.ts'
import { inputProperties } from './model/input-facts.ts'
import { digestSealed } from './model/seal.ts'
import { fold } from './model/situation.ts'
import { type OpenRecord, openRecord } from './record/open-record.ts'
import { QueryError } from './record/queries.ts'
import { advance } from './run/advance.ts'
import { AnswerError, answer } from './run/answer.ts'
import { createRun } from './run/create-run.ts'
import { planOnly } from './run/plan-only.ts'

/** Joins the home, opens the record and, where calls will be made, starts emulators and servers. Whatever fails on the way is closed. */
export async function openRemit(config: Config, catalogue: Catalogue, options: OpenOptions): Promise<Remit> {
  const home = openHome(config.home)
  const membership = await joinHome(home)
  const closers: (() => Promise<void>)[] = [() => membership.leave()]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    options.onStarting?.('Postgres')
    const record = await openRecord({
      home,
      membership,
      ...(config.databaseUrl === undefined ? {} : { databaseUrl: config.databaseUrl }),
    })
    closers.push(() => record.close())
    options.onStarted?.('Postgres')
    const place = { home, membership, record }
    const gateway = options.servers ? await startServers(config, catalogue, place, options) : undefined
    if (gateway) closers.push(() => gateway.close())
    return remitOf(config, catalogue, place, gateway, close)
  } catch (error) {
    await close()
    throw error
  }
}

interface Place {
  home: Home
  membership: Membership
  record: OpenRecord
}

async function startServers(
  config: Config,
  catalogue: Catalogue,
  place: Place,
  options: OpenOptions,
): Promise<Gateway> {
  const { home, membership, record } = place
  const faults = faultsOf(config, catalogue, options.faults ?? {})
  const servers = [...catalogue.servers.values()]
  const describe = launcher({
    home,
    membership,
    root: config.root,
    mode: config.mode,
    sources: sourcesOf(config),
    environment: config.environment,
    databaseUrl: ({ name }) => record.serverDatabase({ kind: databaseKind(config, name), name }),
  })
  const launch = async (server: ServerManifest) => {
    const described = await describe(server)
    const fault = server.emulator ? undefined : faults[server.name]
    return fault === undefined ? described : { ...described, env: { ...described.env, REMIT_FAULT: fault } }
  }
  if (config.mode === 'emulated') {
    options.onStarting?.('emulators')
    const emulated = servers.filter(({ emulator }) => emulator !== undefined)
    await Promise.all(
      emulated.map(async (server) => {
        const { control } = await ensureEmulator(membership, home, server, config.root)
        const fault = faults[server.name]
        if (fault !== undefined) await setFault(control, fault)
      }),
    )
    options.onStarted?.('emulators')
  }
  const gateway = openGateway({
    catalogue,
    launch,
    sealers: (runId) => record.keyring.sealer(runId),
    verdicts: openEraVerdicts(join(home.path, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: pino({ level: 'warn' }, pino.destination({ dest: join(home.logs, 'remit.log'), sync: true })),
  })
  options.onStarting?.('servers')
  await gateway.start(servers.map(({ name }) => name))
  options.onStarted?.('servers')
  return gateway
}

function sourcesOf({ servers }: Config) {
  return Object.fromEntries(
    Object.entries(servers).map(([name, { endpoints, credentials }]) => [name, { ...endpoints, ...credentials }]),
  )
}

function remitOf(
  config: Config,
  catalogue: Catalogue,
  { home, record }: Place,
  gateway: Gateway | undefined,
  close: () => Promise<void>,
): Remit {
  const { journal, keyring, queries, verifier } = record
  const { tenant, principal } = config.owner
  const held = { read: journal.adopt, append: journal.append }
  return {
    emulated: emulatedVendors(config, catalogue),
    async createRun(goal, input) {
      const runId = uuidv7()
      const sealer = await keyring.create(runId)
      const sealed = mapAt(input, sensitivePointers(goal), (value, pointer) =>
        sealer.seal(value, pointer),
      ) as JsonObject
      const run = {
        ...config.owner,
        goal,
        input: sealed,
        mode: config.mode,
        reasoner: planner,
        catalogue,
        policyDigest,
      }
      await createRun(runId, run, journal)
      return runId
    },
    async pursue(runId, { signal, cancel: interrupt, ...watch }) {
      if (!gateway) throw new TypeError('pursue: this Remit was opened without servers')
      const parts = {
        journal: held,
        gateway,
        reasoner: planner,
        reasonerReadsOutputs: false,
        catalogue,
        clock: { now: () => new Date(), sleepUntil },
        random: Math.random,
        newId: uuidv7,
        digestArguments: digestSealed,
        ...watch,
      }
      try {
        return await advance(runId, parts, { signal, cancel: onBehalfOf(principal, interrupt) })
      } finally {
        journal.release(runId)
        await record.signHeads()
      }
    },
    planOnly: (goal, input) => planOnly({ goal, input, reasoner: planner, catalogue, mode: config.mode }),
    answer: (runId, choice, why) =>
      asInputError(AnswerError, () =>
        answer(runId, { choice, by: principal, ...(why === undefined ? {} : { why }) }, held),
      ),
    findRun: (prefix) => asInputError(QueryError, async () => (await queries.runByPrefix(tenant, prefix)).run_id),
    situation: async (runId) => fold(await journal.read(runId)),
    events: (runId) => journal.read(runId),
    runs: async (filter) => (await queries.listRuns(tenant, filter)).runs,
    sql: (statement) => asInputError(QueryError, () => queries.sql(tenant, statement)),
    verify: (runId) => (runId === undefined ? verifier.verifyAll() : verifier.verifyRun(runId)),
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

function sensitivePointers(goal: Goal): string[] {
  return inputProperties(goal.input).flatMap(({ pointer, sensitive }) => (sensitive ? [pointer] : []))
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

function databaseKind(config: Config, server: string): 'schema' | 'provisioner' {
  const kind = config.servers[server]?.database
  if (kind) return kind
  throw new CredentialError(
    `servers/${server}: it needs a database; grant one in remit.config.yaml: servers: { ${server}: { database: schema } }`,
  )
}

/** Faults by server. Refused in live mode, and for servers that are not there. */
function faultsOf(config: Config, catalogue: Catalogue, faults: Record<string, string>): Record<string, string> {
  const names = Object.keys(faults)
  if (config.mode === 'live' && names.length > 0)
    throw new InputError('--fault rehearses a bad day on emulators; it is refused in live mode')
  for (const name of names) {
    if (!catalogue.servers.has(name))
      throw new InputError(
        `--fault ${name}: there is no such server; there are ${[...catalogue.servers.keys()].join(', ')}`,
      )
  }
  return faults
}

function sleepUntil(instant: Date, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, Math.max(0, instant.getTime() - Date.now()))
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
