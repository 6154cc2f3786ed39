import { digest } from '../../../shared/json.ts'
import { defaultRules } from './default-rules.ts'
import { guards } from './guards.ts'
import type { Rule } from './rule.ts'

export type OnDeniedEgress = 'record' | 'stop'

/** The rules in force, in the order in which they are asked. */
export interface Policy {
  rules: readonly Rule[]
  /** What becomes of a run whose call asked the network for what its tool does not declare; that is recorded in any case. */
  on_denied_egress: OnDeniedEgress
  /** Pins the policy under which a run was created. */
  digest: string
}

/** The policy of an operator's rules: they come first, and whatever none of them matches is judged by the rules that ship. */
export function policyOf(rules: readonly Rule[], on_denied_egress: OnDeniedEgress = 'record'): Policy {
  const inForce = [...rules, ...defaultRules]
  const pinned = { guards, rules: inForce, ...(on_denied_egress === 'stop' ? { on_denied_egress } : {}) }
  return { rules: inForce, on_denied_egress, digest: digest(pinned) }
}
