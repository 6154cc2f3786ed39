import { join } from 'node:path'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { Home } from '../home/home.ts'
import type { Membership } from '../home/shared-process.ts'
import type { Mode } from '../model/event.ts'
import { type CredentialSources, resolveEnvironment, type Source } from './credentials/resolve.ts'
import { ensureEmulator } from './emulators.ts'
import { describeLaunch, type Launch } from './launch.ts'
import type { Jailer } from './sandbox/jailer.ts'
import { openRawDoors } from './sandbox/raw-doors.ts'

export interface LauncherOptions extends Pick<CredentialSources, 'environment' | 'databaseUrl'> {
  home: Home
  membership: Membership
  /** The project's root. */
  root: string
  mode: Mode
  /** Server → environment variable of its manifest → source. */
  sources: Readonly<Record<string, Readonly<Record<string, Source>>>>
  jailer: Jailer
}

/**
 * Says of any server how it is started: its emulator is brought up where the mode asks for one, every slot is filled, and its
 * jail has a door to each of its endpoints.
 */
export function launcher(options: LauncherOptions): (server: ServerManifest) => Promise<Launch> {
  const { home, membership, root, mode, sources, environment, databaseUrl, jailer } = options
  return async (server) => {
    const emulated = mode === 'emulated' && server.emulator !== undefined
    const emulator = emulated ? await ensureEmulator(membership, home, server, root) : undefined
    const resolved = await resolveEnvironment(server, {
      mode,
      configured: sources[server.name] ?? {},
      environment,
      databaseUrl,
      ...(emulator && { emulator }),
    })
    const dataFolder = home.serverFolder(server.name)
    const logFile = join(home.logs, `server-${server.name}.log`)
    const { doors, env, close } = await openRawDoors(server, resolved.values)
    const launch = describeLaunch(
      server,
      { ...resolved, values: { ...resolved.values, ...env } },
      { root, dataFolder, logFile },
    )
    const secrets = [...launch.secrets, ...Object.values(env)]
    return { ...launch, secrets, jail: jailer(server, { dataFolder, doors }), release: close }
  }
}
