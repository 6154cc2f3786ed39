import { randomBytes, randomUUID } from 'node:crypto'
import { createRequestStateCodec, McpServer } from '@modelcontextprotocol/server'
import { type TokenGrant, tokenMint } from '../../orchestrator/execute/tokens/mint-token.ts'
import { openTokenKeys } from '../../orchestrator/execute/tokens/token-keys.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { toolRegistrar } from '../../shared/capability/build-mcp-server.ts'
import { callGate } from '../../shared/capability/call-gate.ts'
import { openLog } from '../../shared/capability/log.ts'
import { serveHttp } from '../../shared/capability/serve-http.ts'
import { openSession } from '../../shared/capability/session.ts'
import { openTokenKeys as openPublicKeys } from '../../shared/capability/token-keys.ts'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openFront } from './credential-front.ts'
import { server as definition } from './fixtures/kit-server.ts'
import { fixtureCapabilities, mountFixtures } from './fixtures/mount-fixtures.ts'

/** Something that the suite tests, until `close`. */
export interface Door {
  /** Where the suite asks. */
  url: string
  close(): Promise<void>
}

/**
 * The kit as a capability server elsewhere is served: Streamable HTTP behind the gate that wants a token of Remit's for each
 * request, with sessions, and its log. Lines of the log go to `onLog`.
 */
export async function openKitDoor(onLog: (line: string) => void): Promise<Door> {
  const folder = await temporaryFolder('remit-conformance-')
  const keys = openTokenKeys({ home: openHome(folder.path), now: () => new Date() })
  await keys.published()
  const mint = tokenMint({ keys, now: () => new Date(), newId: randomUUID })
  const log = openLog(definition, {}, { write: onLog })
  const session = openSession(definition, {}, folder.path)
  const registerTools = toolRegistrar(definition, session, log)
  const codec = createRequestStateCodec<JsonObject>({ key: randomBytes(32) })
  const { name, version } = definition

  const listening = await serveHttp(
    () => {
      const server = new McpServer(
        { name, version },
        { capabilities: fixtureCapabilities, requestState: { verify: codec.verify } },
      )
      registerTools(server)
      mountFixtures(server, { codec, notify: () => listening.notify })
      return server
    },
    {
      port: 0,
      sessions: true,
      gate: callGate({ audience: name, keys: openPublicKeys(keys.file) }),
      onerror: (err) => log.warn({ err }, 'protocol error'),
    },
  )
  const front = await openFront(listening.url, async (message) => `Bearer ${await mint(name, grantFor(message))}`)
  return {
    url: front.url,
    async close() {
      await front.close()
      await listening.close()
      await session.close()
      await folder.remove()
    },
  }
}

/** What Remit would say of a message: whatever calls a tool is a call of some run. */
function grantFor(message: unknown): TokenGrant {
  if (!isJsonObject(message) || message.method !== 'tools/call' || !isJsonObject(message.params))
    return { describe: true }
  const { name, arguments: args } = message.params
  const owner = { run_id: 'conformance', tenant: 'default', principal: 'conformance' }
  return { tool: String(name), arguments: args as JsonObject | undefined, ...owner }
}
