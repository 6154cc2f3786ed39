import { v7 as uuidv7 } from 'uuid'
import type { JsonObject } from '../shared/json.ts'
import { mapAt } from '../shared/json-pointer.ts'
import { InputError, type OpenOptions, type Remit } from './cli/remit.ts'
import type { Config } from './config.ts'
import { planner } from './decide/planner/planner.ts'
import { policyDigest } from './enforce/policy.ts'
import type { Gateway } from './execute/gateway.ts'
import { findWorkspaceUrl } from './find-workspace-url.ts'
import { checkSlots, goingLive } from './go-live.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'
import { draft } from './model/event.ts'
import type { Goal } from './model/goal.ts'
import { inputProperties } from './model/input-facts.ts'
import { digestSealed } from './model/seal.ts'
import { fold } from './model/situation.ts'
import { openRecord } from './record/open-record.ts'
import { QueryError } from './record/queries.ts'
import { advance } from './run/advance.ts'
import { type Answer, AnswerError, answer, decideApproval, requestCancel } from './run/answer.ts'
import { createRun } from './run/create-run.ts'
import { planOnly } from './run/plan-only.ts'
import { checkFaults, type Place, startEmulators, startServers } from './start-servers.ts'

/** Throws {@link InputError} with what can be known to be wrong before anything is started. */
export async function checkOpening(config: Config, catalogue: Catalogue, options: OpenOptions): Promise<void> {
  checkFaults(config, catalogue, options.faults ?? {})
  if (options.servers) await checkSlots(config, catalogue)
}

/** Joins the home, opens the record and, where calls will be made, starts emulators and servers. Whatever fails on the way is closed. */
export async function openRemit(config: Config, catalogue: Catalogue, options: OpenOptions): Promise<Remit> {
  await checkOpening(config, catalogue, options)
  if (options.servers && (await goingLive(config, catalogue)))
    throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
  const faults = options.servers ? (options.faults ?? {}) : undefined
  const home = openHome(config.home)
  const membership = await joinHome(home)
  const closers: (() => Promise<void>)[] = [() => membership.leave()]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    // Both take a while and neither needs the other; leaving the home waits for what is still starting.
    const emulators = faults && startEmulators(config, catalogue, { home, membership }, faults, options)
    emulators?.catch(() => {})
    closers.push(async () => (await emulators?.catch(() => undefined))?.())
    options.onStarting?.('Postgres')
    const { databaseUrl } = config
    const record = await openRecord({ home, membership, databaseUrl })
    closers.push(() => record.close())
    options.onStarted?.('Postgres')
    options.signal?.throwIfAborted()
    await emulators
    options.signal?.throwIfAborted()
    const place = { home, membership, record }
    const gateway = faults && (await startServers(config, catalogue, place, faults, options))
    if (gateway) closers.push(() => gateway.close())
    return remitOf(config, catalogue, place, gateway, close)
  } catch (error) {
    await close()
    throw error
  }
}

function remitOf(
  config: Config,
  catalogue: Catalogue,
  { home, record }: Pick<Place, 'home' | 'record'>,
  gateway: Gateway | undefined,
  close: () => Promise<void>,
): Remit {
  const { journal, keyring, queries, verifier } = record
  const { tenant, principal } = config.owner
  const held = { read: journal.adopt, append: journal.append }
  const decided = (choice: string, why: string | undefined): Answer => ({
    choice,
    by: principal,
    ...(why === undefined ? {} : { why }),
  })
  /** Works on a run that nobody else works on, and lets it go afterwards. */
  const holding = async <Result>(runId: string, work: () => Promise<Result>): Promise<Result> => {
    const lease = await record.leases.take(runId)
    if ('heldBy' in lease)
      throw new InputError(`Run ${runId} is under way in ${lease.heldBy}: let it come to rest first`)
    try {
      return await asInputError(AnswerError, work)
    } finally {
      journal.release(runId)
      await lease.release()
    }
  }
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
        policyDigest: policyDigest(config.policy),
      }
      await createRun(runId, run, journal)
      return runId
    },
    async pursue(runId, { signal, cancel: interrupt, ...watch }) {
      if (!gateway) throw new TypeError('pursue: this Remit was opened without servers')
      const { mode } = fold(await journal.read(runId)).created
      if (mode !== config.mode)
        throw new InputError(
          `Run ${runId} is ${mode}: pursue it with REMIT_MODE=${mode}, not on ${config.mode} vendors`,
        )
      const parts = {
        journal: held,
        gateway,
        reasoner: planner,
        reasonerReadsOutputs: false,
        catalogue,
        policy: config.policy,
        clock: { now: () => new Date(), sleepUntil },
        random: Math.random,
        newId: uuidv7,
        digestArguments: digestSealed,
        ...watch,
      }
      return holding(runId, async () => {
        try {
          return await advance(runId, parts, { signal, cancel: onBehalfOf(principal, interrupt) })
        } finally {
          await record.signHeads()
        }
      })
    },
    planOnly: (goal, input) => planOnly({ goal, input, reasoner: planner, catalogue, mode: config.mode }),
    answer: (runId, choice, why) => holding(runId, () => answer(runId, decided(choice, why), held)),
    cancel: (runId, why) => holding(runId, () => requestCancel(runId, decided('cancel', why), held)),
    approvals: () => queries.openApprovals(tenant),
    async decideApproval(prefix, choice, why) {
      const open = (await queries.openApprovals(tenant)).filter(({ approval_id }) => approval_id.startsWith(prefix))
      const [found, another] = open
      if (!found) throw new InputError(`There is no open approval ${prefix}`)
      if (another) throw new InputError(`More than one approval starts with ${prefix}: give more of its id`)
      const { run_id, approval_id } = found
      await holding(run_id, () => decideApproval(run_id, approval_id, decided(choice, why), held, new Date()))
      return run_id
    },
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
