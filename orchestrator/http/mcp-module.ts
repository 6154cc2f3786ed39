import { Hono } from 'hono'
import type { Backend } from '../mcp/backend.ts'
import type { RemitServerOptions } from '../mcp/build-remit-server.ts'
import { mcpRoutes } from '../mcp/mcp-routes.ts'
import type { HttpEnv, RouteModule } from './http-env.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { Authenticate } from './service.ts'
import type { Issuer } from './tokens.ts'
import { openTokens } from './tokens.ts'

export interface McpModuleOptions {
  /** See `mcpRoutes`. */
  door: { backend: Backend; stateKey: Uint8Array }
  tools?: RemitServerOptions['tools']
  /** Who a key of Remit's own stands for. */
  keys: Authenticate
  issuer: Issuer | undefined
  /** The URL by which others reach this server. */
  publicUrl: string | undefined
  limiter: RateLimiter
  onDefect(what: string, error: unknown): void
}

/** Remit's MCP server for the HTTP application, with its keys, its limits, and the issuer's tokens that are meant for it. */
export function mcpModule({ door, tools, keys, issuer, publicUrl, limiter, onDefect }: McpModuleOptions): RouteModule {
  const resource = publicUrl === undefined ? undefined : new URL('/mcp', publicUrl).href
  // A token is for one resource (RFC 8707): one for the other routes is none for this one.
  const tokens = issuer && resource !== undefined ? openTokens({ ...issuer, audience: resource }) : undefined
  const mcp = mcpRoutes({
    backend: door.backend,
    stateKey: door.stateKey,
    ...(tools && { tools }),
    onDefect,
    ...(publicUrl !== undefined && { origins: [new URL(publicUrl).hostname] }),
    ...(issuer && resource !== undefined && { oauth: { issuer: issuer.url, resource } }),
    async authenticate(authorization) {
      const credential = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (credential === undefined) return undefined
      const caller = await (credential.startsWith('remit_') ? keys(credential) : tokens?.(credential))
      if (caller) limiter.count(caller)
      return caller
    },
  })
  return { access: 'open', patient: true, routes: new Hono<HttpEnv>().route('/', mcp) }
}
