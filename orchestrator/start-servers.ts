import { join } from 'node:path'
import pino from 'pino'
import type { ServerManifest } from '../shared/manifest.ts'
import { InputError, type OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import { CredentialError } from './execute/credentials/resolve.ts'
import { ensureEmulator, setFault } from './execute/emulators.ts'
import { openEraVerdicts } from './execute/era-verdicts.ts'
import { type Gateway, openGateway, ServersMisconfigured } from './execute/gateway.ts'
import { launcher } from './execute/launcher.ts'
import type { Home } from './home/home.ts'
import type { Membership } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { OpenRecord } from './record/open-record.ts'

/** What the servers of one command stand on. */
export interface Place {
  home: Home
  membership: Membership
  record: OpenRecord
}

/** Server → mode of its fault. */
export type Faults = Readonly<Record<string, string>>

/** Faults by server. Refused in live mode, and for servers that are not there. */
export function faultsOf(config: Config, catalogue: Catalogue, faults: Faults): Faults {
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

/** Brings up the vendors' stand-ins, with the faults that were asked for. */
export async function startEmulators(
  config: Config,
  catalogue: Catalogue,
  { home, membership }: Omit<Place, 'record'>,
  faults: Faults,
  options: OpenOptions,
): Promise<void> {
  const emulated = [...catalogue.servers.values()].filter(({ emulator }) => emulator !== undefined)
  if (config.mode === 'live' || emulated.length === 0) return
  options.onStarting?.('emulators')
  await Promise.all(
    emulated.map(async (server) => {
      const { control } = await ensureEmulator(membership, home, server, config.root)
      const fault = faults[server.name]
      if (fault !== undefined) await setFault(control, fault)
    }),
  )
  options.onStarted?.('emulators')
}

/**
 * Starts every reviewed server, all at once, each with its own endpoints and credentials and nothing else. One that does not
 * start stops nobody; what a person has to mend in the configuration is told before anything is done.
 */
export async function startServers(
  config: Config,
  catalogue: Catalogue,
  { home, membership, record }: Place,
  faults: Faults,
  options: OpenOptions,
): Promise<Gateway> {
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
  const gateway = openGateway({
    catalogue,
    launch,
    sealers: (runId) => record.keyring.sealer(runId),
    verdicts: openEraVerdicts(join(home.path, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: pino({ level: 'warn' }, pino.destination({ dest: join(home.logs, 'remit.log'), sync: true })),
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

function sourcesOf({ servers }: Config) {
  return Object.fromEntries(
    Object.entries(servers).map(([name, { endpoints, credentials }]) => [name, { ...endpoints, ...credentials }]),
  )
}

function databaseKind(config: Config, server: string): 'schema' | 'provisioner' {
  const kind = config.servers[server]?.database
  if (kind) return kind
  throw new CredentialError(
    `servers/${server}: it needs a database; grant one in remit.config.yaml: servers: { ${server}: { database: schema } }`,
  )
}
