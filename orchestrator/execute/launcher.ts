import { join } from 'node:path'
import type { EmulatorReady } from '../../shared/capability/call-meta.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { Home } from '../home/home.ts'
import type { Mode } from '../model/event.ts'
import type { Source } from './credentials/read-source.ts'
import { type CredentialSources, resolveEnvironment } from './credentials/resolve.ts'
import { type BrokerOptions, openBroker } from './egress/broker.ts'
import { describeLaunch, type Launch } from './launch.ts'
import type { Jailer } from './sandbox/jailer.ts'

export interface LauncherOptions extends Pick<CredentialSources, 'environment' | 'databaseUrl'> {
  home: Home
  /** The emulator of a server's vendor, brought up; asked at each start in emulated mode. */
  emulatorOf(server: ServerManifest): Promise<EmulatorReady>
  /** The project's root. */
  root: string
  mode: Mode
  /** Environment variable of a server's manifest → source; asked at each start. */
  sources(server: string): Readonly<Record<string, Source>>
  jailer: Jailer
  /** Told what a server tried and was refused while no call of it was in flight. */
  onStray(server: string, record: Parameters<BrokerOptions['onStray']>[0]): void
}

/**
 * Says of any server how it is started: its emulator is brought up where the mode asks for one, every slot is filled, and a
 * broker opens the doors that its endpoints lead through, which are all that its jail has of a network.
 */
export function launcher(options: LauncherOptions): (server: ServerManifest) => Promise<Launch> {
  const { home, emulatorOf, root, mode, sources, environment, databaseUrl, jailer, onStray } = options
  return async (server) => {
    const emulated = mode === 'emulated' && server.emulator !== undefined
    const emulator = emulated ? await emulatorOf(server) : undefined
    const resolved = await resolveEnvironment(server, {
      mode,
      configured: sources(server.name),
      environment,
      databaseUrl,
      ...(emulator && { emulator }),
    })
    const broker = await openBroker({
      server,
      resolved,
      // What stands in for a vendor is the vendor's whole world: an emulated run never leaves the machine.
      hosts: emulated ? [] : server.egress,
      loopback: false,
      onStray: (record) => onStray(server.name, record),
    })
    const dataFolder = home.serverFolder(server.name)
    const given = { values: broker.env, secrets: [...broker.secrets()] }
    const logFile = join(home.logs, `server-${server.name}.log`)
    const launch = describeLaunch(server, given, { root, dataFolder, logFile })
    return { ...launch, jail: jailer(server, { dataFolder, doors: broker.doors }), broker }
  }
}
