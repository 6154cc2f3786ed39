import { administerServers } from './administer-servers.ts'
import { InputError, type Serving } from './cli/remit.ts'
import type { Config } from './config.ts'
import { createApp } from './http/create-app.ts'
import type { RouteModule } from './http/http-env.ts'
import { type HttpServer, listen } from './http/listen.ts'
import { mcpModule } from './http/mcp-module.ts'
import { openRateLimiter } from './http/rate-limit.ts'
import { policyRoutes } from './http/routes/policy.ts'
import { replayRoutes } from './http/routes/replay.ts'
import { serverRoutes } from './http/routes/servers.ts'
import type { Authenticate } from './http/service.ts'
import { openTokens } from './http/tokens.ts'
import { ensureLocalKey, localKeyFile } from './local-key.ts'
import { type LookBackParts, openLookBack } from './open-look-back.ts'
import type { McpDoor } from './open-mcp-door.ts'
import { openService, type ServiceParts } from './open-service.ts'

export interface ServeOptions extends Omit<ServiceParts, 'mode'>, Pick<LookBackParts, 'policy'> {
  config: Config
  /** What Remit's own MCP server works with; without it there is none at `/mcp`. */
  door?: McpDoor | undefined
  /** Routes beside those of runs, such as webhooks. */
  modules?: readonly RouteModule[]
  onTrouble(error: unknown): void
}

/** Serves HTTP beside whatever pursues runs in this process, until it is closed. */
export async function serveHttp({ config, door, modules = [], onTrouble, ...parts }: ServeOptions): Promise<Serving> {
  const { host, port, hosts, issuer, url: publicUrl } = config.http
  const { apiKeys } = parts.record
  const isKnown = await ensureLocalKey(config, apiKeys)
  const service = await openService({ mode: config.mode, ...parts })
  const lookBack = openLookBack(parts)
  const administration = administerServers({ config, ...parts })
  const stopping = new AbortController()
  const limiter = openRateLimiter(() => performance.now())
  const onDefect = (what: string, error: unknown) =>
    onTrouble(new Error(`mcp, ${what}: ${wordsOf(error)}`, { cause: error }))
  const mcp = door && mcpModule({ door, keys: apiKeys.callerOf, issuer, publicUrl, limiter, onDefect })
  const { app, metrics } = createApp({
    service,
    authenticate: authenticateBy(apiKeys.callerOf, issuer && openTokens(issuer)),
    hosts: publicUrl === undefined ? hosts : [...hosts, new URL(publicUrl).hostname],
    modules: [
      policyRoutes(lookBack),
      replayRoutes(lookBack),
      serverRoutes(administration),
      ...modules,
      ...(mcp ? [mcp] : []),
    ],
    limiter,
    stopping: stopping.signal,
    onTrouble: (error, requestId) => onTrouble(new Error(`request ${requestId}: ${wordsOf(error)}`, { cause: error })),
  })
  const server = await listen(app, { host, port }).catch(async (error: unknown) => {
    await service.close()
    throw addressFault(error, host, port)
  })
  return {
    url: server.url,
    ...(isKnown ? { keyFile: localKeyFile(config) } : { revokedKeyFile: localKeyFile(config) }),
    onEvent: ({ type }) => metrics.countEvent(type),
    close: (graceMs) => close(server, stopping, service, graceMs),
  }
}

/** Streams end at once, and their listeners come back to another process; what was asked is answered. */
async function close(
  server: HttpServer,
  stopping: AbortController,
  service: { close(): Promise<void> },
  graceMs: number,
): Promise<void> {
  stopping.abort()
  await server.close(graceMs)
  await service.close()
}

/** A key of Remit's own says by its beginning that it is one. */
function authenticateBy(keys: Authenticate, tokens: Authenticate | undefined): Authenticate {
  return async (credential) => (credential.startsWith('remit_') ? keys(credential) : tokens?.(credential))
}

function addressFault(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new InputError(`Port ${port} of ${host} is in use, maybe by another remit start: choose one with REMIT_PORT`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
    return new InputError(`Cannot listen on ${host}, port ${port} (${code}): change http.host or http.port`)
  return error
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
