import type { ServerManifest } from '../../../shared/manifest.ts'
import { type Connection, type ConnectOptions, openConnection } from '../connection.ts'
import type { Bearer } from './bearer.ts'
import { remoteFetch } from './remote-fetch.ts'
import { RemoteTransport } from './remote-transport.ts'

/** A server that runs elsewhere: one of our kit, which takes tokens that are made here, or a stranger's. */
export interface RemoteServer {
  url: string
  bearer: Bearer
}

/**
 * Connects to a server by Streamable HTTP: what lets each request in, and the era that was agreed on last time where that
 * was the older one.
 */
export async function connectRemote(
  server: ServerManifest,
  { url, bearer }: RemoteServer,
  options: ConnectOptions,
): Promise<Connection> {
  options.signal.throwIfAborted()
  const fetch = remoteFetch({ server: server.name, bearer, limitBytes: options.limits.lineBytes })
  const transport = new RemoteTransport(server.name, new URL(url), fetch)
  return openConnection(
    server,
    transport,
    { secrets: bearer.secrets, broker: undefined },
    options.verdicts.isLegacy(server),
    options,
  )
}
