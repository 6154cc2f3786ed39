import { createMiddleware } from 'hono/factory'
import type { Caller } from '../model/caller.ts'
import type { HttpEnv } from './http-env.ts'
import { ProblemError } from './problem.ts'

interface Bucket {
  tokens: number
  /** Milliseconds of the clock when `tokens` was right. */
  at: number
}

/** Counts what callers ask for. Each may do so much in a minute, all at once or spread; counted by this process alone. */
export interface RateLimiter {
  /** Counts one request. Throws a {@link ProblemError} that says when to go on, where that is one too many. */
  count(caller: Pick<Caller, 'id' | 'requests_per_minute'>): void
}

export function openRateLimiter(now: () => number): RateLimiter {
  const buckets = new Map<string, Bucket>()
  return {
    count({ id, requests_per_minute: most }) {
      const at = now()
      const bucket = buckets.get(id) ?? { tokens: most, at }
      buckets.set(id, bucket)
      bucket.tokens = Math.min(most, bucket.tokens + ((at - bucket.at) / 60_000) * most)
      bucket.at = at
      if (bucket.tokens < 1) {
        const wait = String(Math.ceil(((1 - bucket.tokens) / most) * 60))
        throw new ProblemError('rate_limited', `This key may send ${most} requests a minute; go on in ${wait} s`, {
          headers: { 'Retry-After': wait },
        })
      }
      bucket.tokens -= 1
    },
  }
}

export function rateLimit(limiter: RateLimiter) {
  return createMiddleware<HttpEnv>(async (context, next) => {
    limiter.count(context.get('caller'))
    await next()
  })
}
