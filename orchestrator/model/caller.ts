import { type Effect, effects } from '../../shared/manifest.ts'
import type { Owner } from './run.ts'

/** What a key or a token may be used for, each by itself. */
export const scopes = [
  'runs:read',
  'runs:write',
  'approvals:decide',
  'tools:read',
  'tools:call',
  'servers:read',
  'servers:admin',
  'metrics:read',
  'keys:admin',
] as const
export type Scope = (typeof scopes)[number]

/** What limits every run that somebody starts; what is left out is as the goal has it. */
export interface Ceiling {
  /** The only goals that may be pursued. */
  goals?: readonly string[]
  /** The greatest effect of a planned call: `create` lets runs read and create, and neither update nor delete. */
  effect?: Effect
  /** US dollars that one run may spend. */
  cost_usd?: number
}

/** Somebody who uses Remit over the network: on whose behalf, and what they may do. */
export interface Caller extends Owner {
  /** The key's id, or the token's issuer and subject: what limits of use are counted by. Never a secret. */
  id: string
  scopes: ReadonlySet<Scope>
  ceiling: Ceiling
  requests_per_minute: number
  /** From when on the key or the token is not valid any more. */
  expires_at?: Date
}

/** Requests a minute of a key that nobody says more of. */
export const usualRate = 600

/** A key as lists show it; instants are RFC 3339. Its secret is nowhere. */
export interface KnownKey extends Owner {
  key_id: string
  /** What people call it. */
  name: string
  scopes: readonly Scope[]
  ceiling: Ceiling
  requests_per_minute: number
  created_at: string
  created_by: string
  expires_at?: string
  revoked_at?: string
  /** To the minute. */
  last_used_at?: string
}

/** A key that is to be made. */
export interface NewKey extends Owner {
  name: string
  scopes: readonly Scope[]
  ceiling: Ceiling
  requests_per_minute: number
  created_by: string
  expires_at?: Date
}

/** True where an effect is no greater than another: read < create < update < delete. */
export function isWithin(effect: Effect, most: Effect): boolean {
  return effects.indexOf(effect) <= effects.indexOf(most)
}
