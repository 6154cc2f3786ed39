import { join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import type { HostSession, OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import { planner } from './decide/planner/planner.ts'
import type { Policy } from './enforce/policy/policy.ts'
import { LaunchError } from './execute/launch-error.ts'
import { openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import { keepEmulators } from './keep-emulators.ts'
import type { Catalogue } from './model/catalogue.ts'
import { digestSealed } from './model/seal.ts'
import { openLog } from './observe/open-log.ts'
import { openPursuits, sleepUntil } from './open-pursuits.ts'
import { type OpenRecord, openRecord } from './record/open-record.ts'
import type { ServerLogins } from './record/server-logins.ts'
import { recordedCalls } from './recorded-calls.ts'
import { CancellableGateway } from './run/cancellable-gateway.ts'
import { type CallRuns, HostCalls } from './run/host-calls.ts'
import { unrecordedRuns } from './run/unrecorded-runs.ts'
import { type ServersRecord, startServers } from './start-servers.ts'

/** What makes a host's calls, and where they are recorded. */
export interface OpenHostCalls {
  calls: HostCalls
  recorded: HostSession['recorded']
  close(): Promise<void>
}

type Options = Pick<OpenOptions, 'signal'>

/**
 * Starts the catalogue's servers as every run has them, with the record where that can be had. Whether a session is recorded
 * is settled here, once: one that began recorded calls nothing that it cannot record.
 */
export async function openHostCalls(
  config: Config,
  catalogue: Catalogue,
  policy: Policy,
  options: Options,
): Promise<OpenHostCalls> {
  const home = openHome(config.home)
  const membership = await joinHome(home)
  await using opening = new AsyncDisposableStack()
  opening.defer(() => membership.leave())
  const emulators = await keepEmulators(config, catalogue, { home, membership }, {}, {})
  opening.defer(() => emulators.close())
  const record = await recordOf(config, home, membership)
  if ('close' in record) opening.defer(() => record.close())
  options.signal?.throwIfAborted()
  const start = async (needs: ServersRecord) => {
    const place = { home, emulators, record: needs, log: openLog(join(home.logs, 'remit.log')) }
    const gateway = await startServers(config, catalogue, place, {}, { servers: true, ...options })
    opening.defer(() => gateway.close())
    return new CancellableGateway(gateway)
  }
  const [runs, recorded] =
    'close' in record
      ? ([await recordedRuns(config, catalogue, policy, record, start, opening), { home: config.home }] as const)
      : ([await runsInMemory(config, catalogue, policy, record.why, start), record] as const)
  options.signal?.throwIfAborted()
  const opened = opening.move()
  return { calls: new HostCalls(runs), recorded, close: () => opened.disposeAsync() }
}

async function recordOf(
  { databaseUrl }: Config,
  home: ReturnType<typeof openHome>,
  membership: Membership,
): Promise<OpenRecord | { why: string }> {
  try {
    return await openRecord({ home, membership, databaseUrl })
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

type Start = (record: ServersRecord) => Promise<CancellableGateway>

/** Logins lie in the record. */
function noLogins(why: string): ServerLogins {
  const none = async (): Promise<never> => {
    throw new Error(`no login can be had: ${why}`)
  }
  return { find: none, put: none, remove: none, list: none, alone: none }
}

async function recordedRuns(
  config: Config,
  catalogue: Catalogue,
  policy: Policy,
  record: OpenRecord,
  start: Start,
  opening: AsyncDisposableStack,
): Promise<CallRuns> {
  const gateway = await start(record)
  const pursuing = await openPursuits({ config, policy, catalogue, goalNamed: () => undefined, record, gateway })
  opening.defer(() => pursuing.close())
  opening.defer(async () => void (await record.signHeads().catch(() => 0)))
  return recordedCalls(pursuing, gateway)
}

async function runsInMemory(
  config: Config,
  catalogue: Catalogue,
  policy: Policy,
  why: string,
  start: Start,
): Promise<CallRuns> {
  let gateway: CancellableGateway | undefined
  const runs = unrecordedRuns(
    {
      tenant: config.owner.tenant,
      mode: config.mode,
      policyDigest: policy.digest,
      reasoner: planner,
      catalogue,
      policy,
      clock: { now: () => new Date(), sleepUntil },
      random: Math.random,
      newId: uuidv7,
      digestArguments: digestSealed,
    },
    () => {
      if (!gateway) throw new TypeError('unrecorded runs: the servers are not started')
      return gateway
    },
  )
  gateway = await start({
    keyring: runs,
    // What is proved holds all the same; there is nowhere to write it down.
    journal: { note: async () => undefined },
    ownerOf: async () => config.owner,
    serverDatabase: async () => {
      throw new LaunchError(`no database can be had: ${why}`)
    },
    serverLogins: () => noLogins(why),
  })
  return runs
}
