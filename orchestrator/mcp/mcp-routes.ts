import { createMcpHandler, localhostAllowedOrigins, originValidationResponse } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { isDeeper, mostDepth } from '../../shared/json-depth.ts'
import type { Authenticate, McpCaller } from './backend.ts'
import { buildRemitServer, callerKey, type RemitServerOptions, scopesSupported } from './build-remit-server.ts'

export interface McpRoutesOptions extends Omit<RemitServerOptions, 'callerOf'> {
  authenticate: Authenticate
  /** Where tokens come from, and this endpoint's own public URL, which is their audience. Without it there are keys alone. */
  oauth?: { issuer: string; resource: string }
  /** Host names whose pages may use it, beside those of loopback. */
  origins?: readonly string[]
}

const path = '/mcp'
const metadataPath = '/.well-known/oauth-protected-resource'

/** `/mcp`: Remit as an MCP server over Streamable HTTP, for both protocol eras, and where to get a token for it. */
export function mcpRoutes(options: McpRoutesOptions): Hono {
  const { authenticate, oauth, origins = [], ...rest } = options
  const build = buildRemitServer({ ...rest, callerOf: (caller) => caller })
  const handler = createMcpHandler(build, { onerror: (error) => rest.onDefect('protocol', error) })
  const allowedOrigins = [...localhostAllowedOrigins(), ...origins]
  const metadataUrl = oauth && new URL(`${metadataPath}${new URL(oauth.resource).pathname}`, oauth.resource).href
  const routes = new Hono()

  routes.all(path, async (context) => {
    const request = context.req.raw
    const refused = originValidationResponse(request, allowedOrigins)
    if (refused) return refused
    const caller = await authenticate(request.headers.get('authorization') ?? undefined)
    if (!caller) return challenge(request.headers.has('authorization'), metadataUrl)
    const fault = await faultOf(request)
    if (fault !== undefined) return invalid(fault)
    return handler.fetch(request, { authInfo: authInfoOf(caller, metadataUrl) })
  })

  if (oauth) {
    const document = {
      resource: oauth.resource,
      authorization_servers: [oauth.issuer],
      scopes_supported: scopesSupported,
      bearer_methods_supported: ['header'],
      resource_name: 'Remit',
    }
    for (const at of new Set([metadataPath, `${metadataPath}${new URL(oauth.resource).pathname.replace(/\/$/, '')}`]))
      routes.get(at, (context) => context.json(document, 200, { 'access-control-allow-origin': '*' }))
  }
  return routes
}

/** What the SDK needs to know of a caller. The key itself stays outside: nothing behind this door needs it. */
function authInfoOf(caller: McpCaller, resourceMetadataUrl: string | undefined) {
  return {
    token: '',
    clientId: caller.id,
    scopes: [...caller.scopes],
    extra: { [callerKey]: caller },
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
  }
}

/** Why a message is not taken, or nothing. One that is no JSON is left to who knows what is to be said to that. */
async function faultOf(request: Request): Promise<string | undefined> {
  const message = request.method === 'POST' ? await jsonOf(request.clone()) : undefined
  // Many messages in one request would count as one against the caller's limit.
  if (Array.isArray(message)) return 'Send each message in a request of its own: batches are not taken'
  return isDeeper(message) ? `The message is nested deeper than ${mostDepth} levels` : undefined
}

async function jsonOf(request: Request): Promise<unknown> {
  return request.json().catch(() => undefined)
}

function invalid(message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_600, message } }, { status: 400 })
}

function challenge(given: boolean, metadataUrl: string | undefined): Response {
  const parts = [
    'realm="remit"',
    ...(given ? ['error="invalid_token"'] : []),
    ...(metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`]),
  ]
  const error = given ? 'This key is not valid, or not any more' : 'Send a key as "Authorization: Bearer <key>"'
  return Response.json({ error }, { status: 401, headers: { 'www-authenticate': `Bearer ${parts.join(', ')}` } })
}
