import type { FetchLike } from '@modelcontextprotocol/client'
import { isLoopback } from '../../../shared/capability/loopback.ts'
import { boundedResponse } from '../remote/bounded-response.ts'
import { LoginError } from './login-error.ts'
import { isNearer, type Reach, type Resolve, reachOf, resolveByDns } from './reach.ts'

/** Where metadata may point. */
export interface Places {
  /** Nothing nearer is asked for anything: a server in the world does not make us knock at doors in our own network. */
  nearest: Reach
  /** Nothing farther is: what an emulated run does never leaves the machine. */
  farthest: Reach
}

export interface CarefulFetchOptions {
  places: Places
  signal?: AbortSignal | undefined
  resolve?: Resolve
  /** How long one answer may take, and how many bytes it may have. */
  limits?: { ms: number; bytes: number }
}

const defaultLimits = { ms: 15_000, bytes: 1_048_576 }

/**
 * Fetches what metadata points at, over https, or http on loopback, and only where it may point. It follows no redirect; the
 * SDK follows those within one origin, by asking again. Rejects with a {@link LoginError}.
 */
export function carefulFetch({
  places,
  signal,
  resolve = resolveByDns,
  limits = defaultLimits,
}: CarefulFetchOptions): FetchLike {
  return async (target, init) => {
    const url = new URL(target)
    await checkPlace(url, places, resolve)
    const signals = [init?.signal, signal, AbortSignal.timeout(limits.ms)].flatMap((one) => one ?? [])
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) })
      return boundedResponse(response, limits.bytes, () => new LoginError(`${url.origin} answered too much`))
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      throw new LoginError(`${url.origin} cannot be reached${codeOf(cause)}`, { passing: true, cause })
    }
  }
}

/** Throws a {@link LoginError} for a URL that may not be asked, or opened. */
export async function checkPlace(url: URL, places: Places, resolve: Resolve = resolveByDns): Promise<void> {
  const { protocol, hostname, origin } = url
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw new LoginError(`${shownOrigin(origin, protocol)} is not asked: it is not https`)
  const reach = await reachOf(hostname, resolve).catch((cause: unknown) => {
    throw new LoginError(`${origin} cannot be reached${codeOf(cause)}`, { passing: true, cause })
  })
  if (isNearer(reach, places.nearest))
    throw new LoginError(`${origin} is not asked: it is nearer than the server that points to it`)
  if (isNearer(places.farthest, reach))
    throw new LoginError(`${origin} is not asked: it is not on this machine, and mode is "emulated"`)
}

/** Of a URL without an origin, only its scheme. */
function shownOrigin(origin: string, protocol: string): string {
  return origin === 'null' ? `a ${protocol} URL` : origin
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError') return ' (no answer in time)'
    if ('code' in at && typeof at.code === 'string') return ` (${at.code})`
  }
  return ''
}
