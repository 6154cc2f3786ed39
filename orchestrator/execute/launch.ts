import type { ServerManifest } from '../../shared/manifest.ts'
import type { ResolvedEnvironment } from './credentials/resolve.ts'
import type { Broker } from './egress/broker.ts'
import type { JailedStart } from './sandbox/jailer.ts'

/** Everything needed to start a capability server, and nothing it must not have. */
export interface Launch {
  command: string
  args: string[]
  cwd: string
  /** The whole environment of the process. */
  env: Record<string, string>
  /** Values that must never be seen in logs or messages. */
  secrets: string[]
  /** Where the server's stderr goes, scrubbed. */
  logFile?: string
  /** Prepares the jail of one start; without it the process is confined by nothing. */
  jail?: (launch: Launch) => Promise<JailedStart>
  /** What its endpoints lead through; it is closed when nothing is left of the process. */
  broker?: Broker
}

/** Where a server is started from, and where its own files lie. */
export interface LaunchPlace {
  /** The project's root: the manifest's command is relative to it. */
  root: string
  /** The server's private folder. */
  dataFolder: string
  logFile?: string
}

/**
 * How to start a server: its manifest's command with an environment built from nothing. It holds the server's own endpoints
 * and credentials, its data folder, and what a process needs to run at all; nothing of ours is inherited.
 */
export function describeLaunch(
  server: ServerManifest,
  resolved: Pick<ResolvedEnvironment, 'values' | 'secrets'>,
  place: LaunchPlace,
): Launch {
  const [program = 'node', ...args] = server.command
  return {
    command: program === 'node' ? process.execPath : program,
    args,
    cwd: place.root,
    env: {
      ...systemEnvironment(),
      ...resolved.values,
      REMIT_SERVER_DATA: place.dataFolder,
      REMIT_LAUNCHED: '1',
    },
    secrets: resolved.secrets,
    ...(place.logFile !== undefined && { logFile: place.logFile }),
  }
}

/** What any process needs from the system, the same on every machine. */
export function systemEnvironment(): Record<string, string> {
  if (process.platform === 'win32') {
    const systemRoot = 'C:\\Windows'
    return { TZ: 'UTC', LANG: 'C.UTF-8', PATH: `${systemRoot}\\System32`, SystemRoot: systemRoot }
  }
  return { TZ: 'UTC', LANG: 'C.UTF-8', PATH: '/usr/local/bin:/usr/bin:/bin' }
}
