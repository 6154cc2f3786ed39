import { randomUUID } from 'node:crypto'
import type { FetchLike } from '@modelcontextprotocol/client'
import { type Connection, type ConnectOptions, openConnection } from '../../../orchestrator/execute/connection.ts'
import { defaultLimits } from '../../../orchestrator/execute/limits.ts'
import type { Bearer } from '../../../orchestrator/execute/remote/bearer.ts'
import { connectRemote } from '../../../orchestrator/execute/remote/connect-remote.ts'
import { RemoteTransport } from '../../../orchestrator/execute/remote/remote-transport.ts'
import { callBearer } from '../../../orchestrator/execute/tokens/call-bearer.ts'
import { metaKeys } from '../../../shared/capability/call-meta.ts'
import type { JsonObject } from '../../../shared/json.ts'
import type { ServerManifest, ToolManifest } from '../../../shared/manifest.ts'

export interface ConnectTo {
  /** What was reviewed; nothing unless said. */
  tools?: ToolManifest[]
  /** Sends requests; as to any server elsewhere, with a token of Remit's, unless said. */
  fetch?: FetchLike
  /** What lets requests in; a token of Remit's, unless said. */
  bearer?: Bearer
  onQuestion?: ConnectOptions['onQuestion']
}

const remits = callBearer({
  server: 'suite',
  mint: async () => 'a-token-of-remits',
  ownerOf: async () => ({ tenant: 'default', principal: 'conformance' }),
})

/** All scenarios start at the same time: nothing here is about how quick a machine is. */
const patience = { probeMs: 110_000, handshakeMs: 110_000 }

/** Connects to the suite's server as Remit connects to a capability server elsewhere. */
export function connectTo(
  url: string,
  { tools = [], fetch, bearer = remits, onQuestion }: ConnectTo = {},
): Promise<Connection> {
  const server: ServerManifest = {
    name: 'suite',
    title: 'Suite',
    version: '1.0.0',
    description: 'The server of the conformance suite.',
    command: ['elsewhere'],
    endpoints: {},
    credentials: {},
    settings: {},
    faults: {},
    egress: [],
    tools,
  }
  const options: ConnectOptions = {
    verdicts: { isLegacy: () => false, rememberLegacy: async () => {} },
    limits: { ...defaultLimits, ...patience },
    signal: new AbortController().signal,
    onFault: (fault) => console.error(fault),
    onQuarantine: (quarantine) => console.error(...quarantine),
    ...(onQuestion && { onQuestion }),
  }
  if (fetch) {
    const transport = new RemoteTransport(server.name, new URL(url), fetch)
    return openConnection(server, transport, { secrets: [], broker: undefined }, false, options)
  }
  return connectRemote(server, { url, bearer }, options)
}

/** Calls a tool as one attempt of a run. */
export function call(connection: Connection, tool: string, args: JsonObject = {}) {
  const { signal } = new AbortController()
  const deadline = new Date(Date.now() + 110_000).toISOString()
  const envelope = { run_id: randomUUID(), call_id: randomUUID(), idempotency_key: randomUUID(), deadline }
  return connection.send(tool, args, { meta: { [metaKeys.call]: envelope }, signal })
}
