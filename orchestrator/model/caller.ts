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
}

/** True where an effect is no greater than another: read < create < update < delete. */
export function isWithin(effect: Effect, most: Effect): boolean {
  return effects.indexOf(effect) <= effects.indexOf(most)
}
