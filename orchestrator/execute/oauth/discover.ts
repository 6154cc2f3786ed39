import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  type FetchLike,
  type OAuthProtectedResourceMetadata,
  resourceUrlFromServerUrl,
} from '@modelcontextprotocol/client'
import { packageVersion } from '../../../shared/own-package.ts'
import { explained, LoginError } from './login-error.ts'
import { type OAuthServer, settingOf } from './settings.ts'

/** Who gives tokens for a server, and for what. */
export interface Discovered {
  /** What tokens are asked for (RFC 8707). */
  resource: string
  issuer: string
  metadata: AuthorizationServerMetadata
  /** What the server says that it needs. */
  scopes: readonly string[] | undefined
}

/**
 * Finds out who gives tokens for a server: by its challenge, its protected-resource metadata (RFC 9728) and the metadata of
 * the authorization server (RFC 8414, OpenID Connect Discovery). Each says whom it speaks for, and is believed of nobody
 * else. Rejects with a {@link LoginError}.
 */
export async function discover(server: OAuthServer, fetch: FetchLike): Promise<Discovered> {
  const challenge = await challengeOf(server, fetch)
  const resource = await resourceMetadata(server, challenge.metadataUrl, fetch)
  const wanted = resource?.resource ?? resourceUrlFromServerUrl(server.url).href
  const outside = server.others.find((other) => !isFor(other, wanted))
  if (outside !== undefined)
    throw new LoginError(
      `tokens for ${server.name} are for ${wanted}, and ${outside} is not part of it: put its instances behind one URL`,
    )
  const metadata = await authorizationServer(issuerOf(server, resource), fetch)
  return {
    resource: wanted,
    issuer: metadata.issuer,
    metadata,
    scopes: challenge.scope?.split(' ') ?? resource?.scopes_supported,
  }
}

/** The metadata of an issuer that is known already. Rejects with a {@link LoginError}. */
export async function authorizationServer(issuer: string, fetch: FetchLike): Promise<AuthorizationServerMetadata> {
  const found = await discoverAuthorizationServerMetadata(issuer, { fetchFn: fetch }).catch((error: unknown) => {
    throw explained(`the metadata of ${issuer}`, error)
  })
  if (!found) throw new LoginError(`${issuer} has no metadata (RFC 8414): it cannot be asked for tokens`)
  return found
}

interface Challenge {
  metadataUrl: URL | undefined
  scope: string | undefined
}

/** What the server says to somebody without a token: some let a handshake in, and refuse what comes first without one. */
async function challengeOf({ name, url }: OAuthServer, fetch: FetchLike): Promise<Challenge> {
  for (const { headers, message } of questions) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 0, ...message }),
    })
    await response.body?.cancel()
    if (response.status !== 401) continue
    const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response)
    if (resourceMetadataUrl && resourceMetadataUrl.origin !== new URL(url).origin)
      throw new LoginError(`${name} points to another origin for its metadata: it may speak for itself alone`)
    return { metadataUrl: resourceMetadataUrl, scope }
  }
  return { metadataUrl: undefined, scope: undefined }
}

const clientInfo = { name: 'remit', version: packageVersion }
/** What connections begin with: in the older era, and since the MCP revision of 2026-07-28. */
const questions = [
  {
    headers: {},
    message: { method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } },
  },
  {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' },
    message: {
      method: 'server/discover',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': clientInfo,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    },
  },
]

/** Undefined where there is none and the configuration says who the issuer is. */
async function resourceMetadata(
  server: OAuthServer,
  resourceMetadataUrl: URL | undefined,
  fetch: FetchLike,
): Promise<OAuthProtectedResourceMetadata | undefined> {
  const { name, url, settings } = server
  const options = resourceMetadataUrl ? { resourceMetadataUrl } : {}
  let found: OAuthProtectedResourceMetadata
  try {
    found = await discoverOAuthProtectedResourceMetadata(url, options, fetch)
  } catch (cause) {
    if (cause instanceof LoginError) throw cause
    if (settings.issuer !== undefined) return undefined
    throw new LoginError(
      `${name} does not say who gives tokens for it (RFC 9728): write ${settingOf(server, 'issuer')} in the configuration`,
      { cause },
    )
  }
  if (!isFor(url, found.resource))
    throw new LoginError(`the metadata of ${name} is for another resource than ${url}, so it is not believed`)
  return found
}

function isFor(requestedResource: string, configuredResource: string): boolean {
  return URL.canParse(configuredResource) && checkResourceAllowed({ requestedResource, configuredResource })
}

function issuerOf(server: OAuthServer, resource: OAuthProtectedResourceMetadata | undefined): string {
  const told = resource?.authorization_servers ?? []
  const wanted = server.settings.issuer
  const path = settingOf(server, 'issuer')
  if (wanted !== undefined) {
    const same = told.length === 0 ? wanted : told.find((one) => isSameIssuer(one, wanted))
    if (same !== undefined) return same
    throw new LoginError(`${server.name} takes no tokens of ${wanted}, which ${path} names: its metadata names others`)
  }
  const [only, another] = told
  if (only === undefined || another !== undefined) {
    const why = only === undefined ? 'names no authorization server' : 'names several authorization servers'
    throw new LoginError(`the metadata of ${server.name} ${why}: write ${path} in the configuration`)
  }
  return only
}

/** A URL that is written down with and without its last slash is one issuer. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '')
}
