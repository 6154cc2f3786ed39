import { join } from 'node:path'
import {
  type Connection,
  type ConnectOptions,
  connect,
  openConnection,
} from '../../../orchestrator/execute/connection.ts'
import { systemEnvironment } from '../../../orchestrator/execute/launch.ts'
import { defaultLimits } from '../../../orchestrator/execute/limits.ts'
import { RemoteTransport } from '../../../orchestrator/execute/remote/remote-transport.ts'
import type { JsonObject } from '../../../shared/json.ts'
import type { ServerManifest } from '../../../shared/manifest.ts'
import { catalogue } from '../../support/rehearsal.ts'
import type { Row } from '../matrix.ts'
import { folderOf } from './try-out.ts'

/** A server of somebody else's: the script of a package with its arguments, or a URL where one runs. */
export type Stranger =
  | { of: Pick<Row, 'package' | 'pinnedIn'>; args?: string[]; cwd: string; env?: Record<string, string> }
  | { url: URL }

/** Connects to a server that nobody here wrote as Remit does, and with nothing reviewed. */
export function connectTo(stranger: Stranger, onQuestion?: ConnectOptions['onQuestion']): Promise<Connection> {
  const server = catalogue({ stranger: [] }).servers.get('stranger') as ServerManifest
  const options: ConnectOptions = {
    verdicts: { isLegacy: () => false, rememberLegacy: async () => {} },
    limits: defaultLimits,
    signal: new AbortController().signal,
    onFault: () => {},
    onQuarantine: () => {},
    ...(onQuestion && { onQuestion }),
  }
  if ('url' in stranger) {
    const transport = new RemoteTransport(server.name, stranger.url, fetch)
    return openConnection(server, transport, { secrets: [], broker: undefined }, false, options)
  }
  const { of, args = [], cwd, env } = stranger
  const launch = {
    command: process.execPath,
    args: [scriptOf(of), ...args],
    cwd,
    env: { ...systemEnvironment(), ...env },
    secrets: [],
  }
  return connect(server, launch, options)
}

/** Where the reference servers of the protocol have their programs. */
export function scriptOf(of: Pick<Row, 'package' | 'pinnedIn'>): string {
  return join(folderOf(of), 'dist', 'index.js')
}

/** Works with a stranger, and leaves nothing of it. */
export async function withStranger(
  opening: Promise<Connection>,
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await opening
  try {
    await work(connection)
  } finally {
    await connection.close()
    await connection.gone
  }
}

export function call(
  connection: Connection,
  tool: string,
  args: JsonObject = {},
  more: Partial<Parameters<Connection['send']>[2]> = {},
) {
  return connection.send(tool, args, { meta: {}, signal: new AbortController().signal, ...more })
}
