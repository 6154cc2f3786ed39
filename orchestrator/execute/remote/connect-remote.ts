import type { ServerManifest } from '../../../shared/manifest.ts'
import type { Owner } from '../../model/run.ts'
import { type Connection, type ConnectOptions, openConnection } from '../connection.ts'
import type { MintToken } from '../tokens/mint-token.ts'
import { remoteFetch } from './remote-fetch.ts'
import { RemoteTransport } from './remote-transport.ts'

/** A capability server that runs elsewhere. */
export interface RemoteServer {
  url: string
  mint: MintToken
  /** On whose behalf a run acts. */
  ownerOf: (run_id: string) => Promise<Owner>
}

/**
 * Connects to a server by Streamable HTTP: a token for every request, and the era that was agreed on last time where that
 * was the older one.
 */
export async function connectRemote(
  server: ServerManifest,
  { url, mint, ownerOf }: RemoteServer,
  options: ConnectOptions,
): Promise<Connection> {
  options.signal.throwIfAborted()
  const fetch = remoteFetch({
    server: server.name,
    mint: (grant) => mint(server.name, grant),
    ownerOf,
    limitBytes: options.limits.lineBytes,
  })
  const transport = new RemoteTransport(server.name, new URL(url), fetch)
  return openConnection(
    server,
    transport,
    { secrets: [], broker: undefined },
    options.verdicts.isLegacy(server),
    options,
  )
}
