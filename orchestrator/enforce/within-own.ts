import type { Issue } from '../../shared/failure.ts'
import { type Caller, type Ceiling, isWithin, type Scope, usualRate } from '../model/caller.ts'

/** What a new key may be used for; what is left out is as it is with whoever makes it. */
export interface WantedGrant {
  scopes: readonly Scope[]
  ceiling: Ceiling
  requests_per_minute?: number | undefined
  expires_at?: Date | undefined
}

export type Grant = Pick<WantedGrant, 'scopes' | 'ceiling'> & { requests_per_minute: number; expires_at?: Date }

/** A grant that gives away no more than its giver has, or every fault by its place in a request. */
export function withinOwn(
  wanted: WantedGrant,
  own: Pick<Caller, 'scopes' | 'ceiling' | 'requests_per_minute' | 'expires_at'>,
): { ok: true; grant: Grant } | { ok: false; issues: Issue[] } {
  const { ceiling, requests_per_minute = Math.min(usualRate, own.requests_per_minute) } = wanted
  const expires_at = wanted.expires_at ?? own.expires_at
  const issues: Issue[] = [
    ...beyond('/scopes', wanted.scopes, [...own.scopes]),
    ...beyond('/goals', ceiling.goals ?? [], own.ceiling.goals),
  ]
  const most = (path: string, isMore: boolean | undefined, limit: unknown) => {
    if (isMore) issues.push({ path, message: `must be at most ${limit}, as with the key that asks` })
  }
  const { effect, cost_usd } = own.ceiling
  most('/effect', ceiling.effect && effect && !isWithin(ceiling.effect, effect), effect)
  most('/cost_usd', cost_usd !== undefined && (ceiling.cost_usd ?? 0) > cost_usd, cost_usd)
  most('/requests_per_minute', requests_per_minute > own.requests_per_minute, own.requests_per_minute)
  most('/expires_at', own.expires_at && expires_at && expires_at > own.expires_at, own.expires_at?.toISOString())
  if (issues.length > 0) return { ok: false, issues }
  const grant = { scopes: wanted.scopes, ceiling: { ...own.ceiling, ...ceiling }, requests_per_minute }
  return { ok: true, grant: { ...grant, ...(expires_at && { expires_at }) } }
}

function beyond(path: string, wanted: readonly string[], own: readonly string[] | undefined): Issue[] {
  return wanted.flatMap((one, index) =>
    own === undefined || own.includes(one)
      ? []
      : [{ path: `${path}/${index}`, message: `${one} is not with the key that asks; ${own.join(', ')} is` }],
  )
}
