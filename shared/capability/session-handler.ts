import { randomUUID } from 'node:crypto'
import {
  createMcpHandler,
  type HandleRequestOptions,
  isInitializeRequest,
  isLegacyRequest,
  type McpHttpHandler,
  type McpServerFactory,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

export interface SessionHandlerOptions {
  onerror(error: Error): void
  /** Bytes that a request's body may have. */
  maxRequestBodySize: number
  /** Streams of clients of 2026-07-28 that only tell of changes. */
  maxSubscriptions: number
  /** Sessions at the same time; a new one ends the one that was used least lately. */
  mostSessions?: number
  /** Milliseconds without a request after which a session may be ended. */
  idleMs?: number
  now?: () => number
}

interface HeldSession {
  transport: WebStandardStreamableHTTPServerTransport
  server: Pick<Server, 'close'>
  /** The `clientId` that opened it: nobody else may use it. */
  owner: string | undefined
  usedAt: number
}

const sessionHeader = 'mcp-session-id'

/**
 * Serves both protocol eras over HTTP, and gives each client that opens with the 2025 handshake a session in this process:
 * it can cancel its calls, and be asked in the middle of one, which a client without a session cannot. Several processes
 * behind one address have to send a session's requests to the process that opened it, or serve without sessions.
 */
export function createSessionHandler(build: McpServerFactory, options: SessionHandlerOptions): McpHttpHandler {
  const { onerror, maxRequestBodySize, maxSubscriptions, mostSessions = 1_000 } = options
  const { idleMs = 1_800_000, now = Date.now } = options
  const stateless = createMcpHandler(build, { onerror, maxRequestBodySize, maxSubscriptions })
  const sessions = new Map<string, HeldSession>()

  async function open(request: Request, given: HandleRequestOptions): Promise<Response> {
    makeRoom()
    const { authInfo } = given
    const server = await build({ era: 'legacy', requestInfo: request, ...(authInfo && { authInfo }) })
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      maxRequestBodySize,
      onsessioninitialized: (id) => {
        sessions.set(id, { transport, server, owner: authInfo?.clientId, usedAt: now() })
      },
    })
    transport.onerror = onerror
    transport.onclose = () => {
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId)
    }
    await server.connect(transport)
    return transport.handleRequest(request, given)
  }

  /** Sessions stand in the order in which they were last used. */
  function makeRoom(): void {
    for (const [id, { usedAt }] of sessions) {
      if (sessions.size < mostSessions && now() - usedAt < idleMs) return
      end(id)
    }
  }

  function end(id: string): void {
    const session = sessions.get(id)
    sessions.delete(id)
    session?.server.close().catch(onerror)
  }

  async function go(id: string, request: Request, given: HandleRequestOptions): Promise<Response> {
    const session = sessions.get(id)
    if (!session || session.owner !== given.authInfo?.clientId) return notThere()
    session.usedAt = now()
    sessions.delete(id)
    sessions.set(id, session)
    return session.transport.handleRequest(request, given)
  }

  return {
    notify: stateless.notify,
    bus: stateless.bus,
    async fetch(request, given = {}) {
      if (!(await isLegacyRequest(request, given.parsedBody, { maxRequestBodySize })))
        return stateless.fetch(request, given)
      const id = request.headers.get(sessionHeader)
      if (id !== null) return go(id, request, given)
      return (await opensSession(request, given)) ? open(request, given) : stateless.fetch(request, given)
    },
    async close() {
      await Promise.all([stateless.close(), ...[...sessions.values()].map(({ server }) => server.close())])
    },
  }
}

async function opensSession(request: Request, { parsedBody }: HandleRequestOptions): Promise<boolean> {
  if (request.method !== 'POST') return false
  if (parsedBody !== undefined) return isInitializeRequest(parsedBody)
  try {
    return isInitializeRequest(await request.clone().json())
  } catch {
    return false
  }
}

/** The protocol's word for it: a client that reads this opens a new session. */
function notThere(): Response {
  const error = { code: -32_001, message: 'There is no such session: open a new one' }
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 })
}
