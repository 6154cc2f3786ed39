import { digest } from '../../shared/json.ts'
import type { Verdict } from '../model/call.ts'
import { type Decider, decideScope } from '../model/decider.ts'

/** What an approval is for: one call, with exactly these arguments of exactly this tool, in this run. */
export interface Bound {
  run_id: string
  task_id: string
  tool: string
  fingerprint: string
  arguments_digest: string
}

/** The digest that binds an approval: whatever is not the same call has another one. */
export function approvalDigest({ run_id, task_id, tool, fingerprint, arguments_digest }: Bound): string {
  return digest({ run_id, task_id, tool, fingerprint, arguments_digest })
}

/** Why somebody may not decide on an approval that `askedBy`'s run waits for, or nothing where they may. */
export function mayNotDecide(
  { principal, scopes }: Decider,
  { rule, four_eyes }: Verdict,
  askedBy: string | undefined,
): string | undefined {
  if (!scopes.has(decideScope)) return `${principal} may not decide on approvals: that takes the right ${decideScope}`
  if (!four_eyes) return undefined
  if (askedBy === undefined)
    return `The rule ${rule} needs somebody else than who asked, and the record does not say who did: deny it by cancelling the run`
  return principal === askedBy ? `The rule ${rule} needs somebody else than ${askedBy}, who asked` : undefined
}
