import type { MiddlewareHandler } from 'hono'
import type { HttpEnv } from './http-env.ts'
import { ProblemError } from './problem.ts'

/** The names by which a browser on this machine may reach what listens on loopback. */
const loopback = ['localhost', '127.0.0.1', '[::1]']

/**
 * Lets nobody in by another name than the server's own: else a page of anybody's could have its name resolve to this machine,
 * and be taken by the browser for the same origin. What a page of another origin sends is refused as well.
 */
export function guardHost(hosts: readonly string[]): MiddlewareHandler<HttpEnv> {
  const known = new Set([...loopback, ...hosts].map((host) => host.toLowerCase()))
  return async (context, next) => {
    const host = (context.req.header('Host') ?? new URL(context.req.url).host).toLowerCase()
    if (!known.has(host.replace(/:\d+$/, '')))
      throw new ProblemError('misdirected', 'This host is not known here; the operator names hosts under http.hosts')
    const origin = context.req.header('Origin')
    if (origin !== undefined && URL.parse(origin)?.host !== host)
      throw new ProblemError('denied', 'Pages of another origin may not use this server')
    await next()
  }
}
