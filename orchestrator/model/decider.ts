import type { Ceiling, Scope } from './caller.ts'

/** The right to approve and to deny. */
export const decideScope = 'approvals:decide' satisfies Scope

/** Who decides on an approval, and what they may do. Everything that says who somebody is can be asked for this much. */
export interface Decider {
  principal: string
  scopes: ReadonlySet<string>
  ceiling: Ceiling
}

/** Whoever may use this machine's home may decide: the operator at the terminal. */
export function localOperator(principal: string): Decider {
  return { principal, scopes: new Set([decideScope]), ceiling: {} }
}
