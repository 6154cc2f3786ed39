import { digest } from '../../../shared/json.ts'
import { defaultRules } from './default-rules.ts'
import { guards } from './guards.ts'
import type { Rule } from './rule.ts'

/** The rules in force, in the order in which they are asked. */
export interface Policy {
  rules: readonly Rule[]
  /** Pins the policy under which a run was created. */
  digest: string
}

/** The policy of an operator's rules: they come first, and whatever none of them matches is judged by the rules that ship. */
export function policyOf(rules: readonly Rule[]): Policy {
  const inForce = [...rules, ...defaultRules]
  return { rules: inForce, digest: digest({ guards, rules: inForce }) }
}
