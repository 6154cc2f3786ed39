import { join } from 'node:path'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { Home } from '../home/home.ts'
import type { Membership } from '../home/shared-process.ts'
import type { Mode } from '../model/event.ts'
import type { Source } from './credentials/read-source.ts'
import { type CredentialSources, resolveEnvironment } from './credentials/resolve.ts'
import { ensureEmulator } from './emulators.ts'
import { describeLaunch, type Launch } from './launch.ts'

export interface LauncherOptions extends Pick<CredentialSources, 'environment' | 'databaseUrl'> {
  home: Home
  membership: Membership
  /** The project's root. */
  root: string
  mode: Mode
  /** Server → environment variable of its manifest → source. */
  sources: Readonly<Record<string, Readonly<Record<string, Source>>>>
}

/** Says of any server how it is started: its emulator is brought up where the mode asks for one, and every slot is filled. */
export function launcher(options: LauncherOptions): (server: ServerManifest) => Promise<Launch> {
  const { home, membership, root, mode, sources, environment, databaseUrl } = options
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
    // Until a broker stands between a server and its endpoints, the server adds these itself.
    const held: Record<string, string> = {}
    for (const [slot, credential] of Object.entries(resolved.brokered)) {
      const found = await credential.current()
      if ('value' in found) held[slot] = found.value
    }
    return describeLaunch(
      server,
      { ...resolved, values: { ...resolved.values, ...held } },
      {
        root,
        dataFolder: home.serverFolder(server.name),
        logFile: join(home.logs, `server-${server.name}.log`),
      },
    )
  }
}
