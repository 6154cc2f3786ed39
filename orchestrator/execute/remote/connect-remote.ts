import type { ServerManifest } from '../../../shared/manifest.ts'
import type { Owner } from '../../model/run.ts'
import { type Connection, type ConnectOptions, openConnection } from '../connection.ts'
import type { MintToken } from '../tokens/mint-token.ts'
import { type AuthorizedCall, remoteFetch } from './remote-fetch.ts'
import { RemoteTransport } from './remote-transport.ts'

/** A server that runs elsewhere: one of our kit, which takes the tokens that are made here, or a stranger's. */
export type RemoteServer = { url: string } & (OwnServer | StrangersServer)

interface OwnServer {
  mint: MintToken
  /** On whose behalf a run acts. */
  ownerOf: (run_id: string) => Promise<Owner>
}

interface StrangersServer {
  /** What its requests carry in `Authorization`, of a call on whose behalf its run acts; undefined: nothing. */
  authorization(call: Pick<AuthorizedCall, 'run_id'> | undefined): Promise<string | undefined>
  /** What must never be seen. */
  secrets: readonly string[]
}

/**
 * Connects to a server by Streamable HTTP: a token for every request, and the era that was agreed on last time where that
 * was the older one.
 */
export async function connectRemote(
  server: ServerManifest,
  remote: RemoteServer,
  options: ConnectOptions,
): Promise<Connection> {
  options.signal.throwIfAborted()
  const isOwn = 'mint' in remote
  const fetch = remoteFetch({
    server: server.name,
    authorize: isOwn ? remitTokens(server.name, remote) : remote.authorization,
    refusedAdvice: isOwn ? 'look at its REMIT_TOKEN_KEYS' : 'look at its auth, and at the credential that it names',
    limitBytes: options.limits.lineBytes,
  })
  const transport = new RemoteTransport(server.name, new URL(remote.url), fetch)
  return openConnection(
    server,
    transport,
    { secrets: isOwn ? [] : remote.secrets, broker: undefined },
    options.verdicts.isLegacy(server),
    options,
  )
}

/** A token for exactly the request that it goes with. */
function remitTokens(server: string, { mint, ownerOf }: OwnServer) {
  return async (call: AuthorizedCall | undefined): Promise<string> => {
    const grant = call ? { ...call, ...(await ownerOf(call.run_id)) } : { describe: true as const }
    return `Bearer ${await mint(server, grant)}`
  }
}
