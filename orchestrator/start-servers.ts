import { join } from 'node:path'
import type { Issue } from '../shared/failure.ts'
import type { RemoteManifest, ServerManifest } from '../shared/manifest.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { InputError, type OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import { ConnectError } from './execute/connection.ts'
import { resolveEnvironment } from './execute/credentials/resolve.ts'
import { openEraVerdicts } from './execute/era-verdicts.ts'
import { type Gateway, type Launching, openGateway, ServersMisconfigured } from './execute/gateway.ts'
import type { Launch } from './execute/launch.ts'
import { LaunchError } from './execute/launch-error.ts'
import { launcher } from './execute/launcher.ts'
import { openPackageStore, PackageError } from './execute/packages/package-store.ts'
import type { Bearer } from './execute/remote/bearer.ts'
import type { RemoteServer } from './execute/remote/connect-remote.ts'
import { credentialBearer } from './execute/remote/credential-bearer.ts'
import { NoSandboxError } from './execute/sandbox/choose-driver.ts'
import type { Jailer } from './execute/sandbox/jailer.ts'
import { openJailer } from './execute/sandbox/open-jailer.ts'
import { callBearer } from './execute/tokens/call-bearer.ts'
import { tokenMint } from './execute/tokens/mint-token.ts'
import { openTokenKeys } from './execute/tokens/token-keys.ts'
import { grantOf, sourcesFor } from './go-live.ts'
import type { Home } from './home/home.ts'
import type { Membership } from './home/shared-process.ts'
import type { Faults, KeptEmulators } from './keep-emulators.ts'
import type { Catalogue } from './model/catalogue.ts'
import { type Draft, draft } from './model/event.ts'
import type { Sealer } from './model/seal.ts'
import { onLoopback } from './oauth-config.ts'
import type { Log } from './observe/open-log.ts'
import type { OpenRecord } from './record/open-record.ts'
import { isAway } from './run/while-away.ts'
import { liveLogins } from './server-logins.ts'

/** What the servers of one command stand on. */
export interface Place {
  home: Home
  membership: Membership
  record: OpenRecord
}

/** What servers need of the record: where sealed values are opened, databases of their own, whose a run is, logins, and what is noted of them. */
export interface ServersRecord extends Pick<OpenRecord, 'serverDatabase' | 'ownerOf' | 'serverLogins'> {
  keyring: { sealer(runId: string): Sealer | Promise<Sealer> }
  journal: { note(drafts: readonly Draft[]): Promise<unknown> }
}

/** What servers are started with. */
export interface ServersPlace {
  home: Home
  emulators: Pick<KeptEmulators, 'of'>
  record: ServersRecord
  log: Log
}

/** Throws {@link InputError} where faults are refused: in live mode, for servers that are not there and modes that they do not have. */
export function checkFaults(config: Config, catalogue: Catalogue, faults: Faults): void {
  if (config.mode === 'live' && Object.keys(faults).length > 0)
    throw new InputError('--fault rehearses a bad day on emulators; it is refused in live mode')
  for (const [name, mode] of Object.entries(faults)) {
    const server = catalogue.servers.get(name)
    const asked = `--fault ${name}=${mode}`
    const servers = [...catalogue.servers.keys()]
    if (!server)
      throw new InputError(`${asked}: there is no such server${didYouMean(name, servers)}`, faultChoices(catalogue))
    if (config.servers[name]?.url !== undefined)
      throw new InputError(`${asked}: ${name} runs by itself at its url, and no fault of ours reaches it`)
    if (!Object.hasOwn(server.faults, mode)) {
      const modes = Object.entries(server.faults).map(([path, message]) => ({ path: `${name}=${path}`, message }))
      const known = modes.length > 0 ? `${name} has no such fault` : `${name} has no faults to rehearse`
      throw new InputError(`${asked}: ${known}${didYouMean(mode, Object.keys(server.faults))}`, modes)
    }
  }
}

function faultChoices({ servers }: Catalogue): Issue[] {
  return [...servers.values()].flatMap(({ name, faults }) =>
    Object.entries(faults).map(([mode, message]) => ({ path: `${name}=${mode}`, message })),
  )
}

/**
 * Starts every reviewed server, all at once, each with its own endpoints and credentials and nothing else. One that does not
 * start stops nobody; what a person has to mend in the configuration is told before anything is done.
 */
export async function startServers(
  config: Config,
  catalogue: Catalogue,
  { home, emulators, record, log }: ServersPlace,
  faults: Faults,
  options: OpenOptions,
): Promise<Gateway> {
  const servers = [...catalogue.servers.values()]
  const jailer = await jailerFor(config, home, record.journal)
  const describe = launcher({
    jailer,
    home,
    emulatorOf: emulators.of,
    root: config.root,
    mode: config.mode,
    sources: (name) => sourcesFor(config, catalogue, name),
    environment: config.environment,
    databaseUrl: ({ name }) => ofRecord(() => record.serverDatabase({ kind: grantOf(config, name), name })),
    onStray(server, egress) {
      log.warn({ server, egress }, 'capability server asked the network for something while no call was in flight')
      // No run owns it. The server is not held up by the record, and a record that is away has the log beside it.
      record.journal
        .note([draft('system_noted', { what: 'egress_denied', details: { server, ...egress } })])
        .catch(() => undefined)
    },
  })
  const now = () => new Date()
  const mint = tokenMint({ keys: openTokenKeys({ home, now }), now, newId: () => crypto.randomUUID() })
  const logins = liveLogins(config, record.serverLogins)
  const launch = async (server: ServerManifest, { instance, login }: Launching): Promise<Launch | RemoteServer> => {
    const { name, remote } = server
    const url = config.servers[name]?.url?.[instance] ?? remote?.url
    if (url !== undefined) {
      checkReach(server, url, config)
      const bearer =
        login?.bearer ??
        logins().shared(name) ??
        (remote
          ? await strangersBearer(server, remote, config, catalogue)
          : callBearer({ server: name, mint, ownerOf: record.ownerOf }))
      return { url, bearer }
    }
    await checkPackage(name)
    const described = await describe(server)
    const fault = server.emulator ? undefined : faults[server.name]
    return fault === undefined ? described : { ...described, env: { ...described.env, REMIT_FAULT: fault } }
  }
  const packages = openPackageStore(home)
  /** Neither another lockfile than the accepted one, nor a file that was not installed from it, is ever run. */
  const checkPackage = async (name: string) => {
    const origin = catalogue.joined?.get(name)?.origin
    if (origin?.from !== 'npm') return
    await packages.check(name, origin.lock).catch((error: unknown) => {
      throw error instanceof PackageError ? new ConnectError(error.message, [], { cause: error }) : error
    })
  }
  const gateway = openGateway({
    catalogue,
    launch,
    setUpOf: (name) => config.servers[name],
    instancesOf: ({ name }) => config.servers[name]?.url?.length ?? 1,
    loginOf({ name }, run_id) {
      if (!logins().isPersonal(name)) return undefined
      const owner = run_id === undefined ? Promise.resolve(config.owner) : record.ownerOf(run_id)
      return owner.then((whose) => logins().inUse({ ...whose, server: name }))
    },
    sealers: (runId) => record.keyring.sealer(runId),
    verdicts: openEraVerdicts(join(home.path, 'eras.json'), now),
    now,
    log,
  })
  options.onStarting?.('servers')
  try {
    await gateway.start(servers.map(({ name }) => name))
  } catch (error) {
    await gateway.close()
    throw error instanceof ServersMisconfigured ? new InputError(error.message) : error
  }
  options.onStarted?.('servers')
  return gateway
}

/** That the record is away is no fault of the server that needs it, and passes. */
async function ofRecord<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!isAway(cause)) throw cause
    const message =
      'the record is away, and nothing runs that cannot be recorded; it is started once the record is back'
    throw new LaunchError(message, { cause })
  }
}

/** Confines what is started on this home; each proof of a jail is recorded. Throws {@link InputError} where nothing confines. */
export async function jailerFor(config: Config, home: Home, journal: ServersRecord['journal']): Promise<Jailer> {
  try {
    return await openJailer({
      choice: config.sandbox,
      root: config.root,
      home: home.path,
      environment: config.environment,
      async onProof(proof) {
        await ofRecord(() => journal.note([draft('system_noted', { what: 'jail_proved', details: { ...proof } })]))
      },
    })
  } catch (error) {
    throw error instanceof NoSandboxError ? new InputError(error.message) : error
  }
}

/** What lets requests into a stranger's server elsewhere: what its manifest says, by the credential that is there now. */
async function strangersBearer(
  server: ServerManifest,
  { auth }: RemoteManifest,
  config: Config,
  catalogue: Catalogue,
): Promise<Bearer> {
  if (auth === 'none') return credentialBearer(server.name)
  const { values } = await resolveEnvironment(server, {
    mode: config.mode,
    configured: sourcesFor(config, catalogue, server.name),
    environment: config.environment,
    databaseUrl: () => grantOf(config, server.name),
  })
  return credentialBearer(server.name, values[auth.bearer])
}

/** Throws where the mode keeps everything on this machine, and the server is not there. */
function checkReach({ name }: ServerManifest, url: string, { mode }: Config): void {
  if (mode === 'emulated' && !onLoopback(url))
    throw new ConnectError(`${name} is not on this machine, and mode is "emulated": it needs "live"`, [], {})
}
