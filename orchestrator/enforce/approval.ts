import { digest } from '../../shared/json.ts'
import type { Effect } from '../../shared/manifest.ts'
import type { Verdict } from '../model/call.ts'
import { isWithin } from '../model/caller.ts'
import { type Decider, decideScope } from '../model/decider.ts'
import { mayNotSteer } from './may-steer.ts'

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

/** What somebody is to decide on. */
export interface Undecided {
  verdict: Pick<Verdict, 'rule' | 'four_eyes'>
  /** The name of the run's goal. */
  goal: string
  /** What would be called; of a sub-goal, the effect is the greatest that its run may have. */
  tool: { id: string; effect: Effect }
  /** On whose behalf the run acts, and whoever has changed its input since; nobody where the record does not say. */
  askedBy: readonly string[]
}

/**
 * Why somebody may not decide so on an approval, or nothing where they may. Nobody lets happen what their own runs may not
 * do; to deny something takes no more than the right to decide on runs of the goal.
 */
export function mayNotDecide(
  { principal, scopes, ceiling }: Decider,
  choice: 'approve' | 'deny',
  { verdict: { rule, four_eyes }, goal, tool, askedBy }: Undecided,
): string | undefined {
  if (!scopes.has(decideScope)) return `${principal} may not decide on approvals: that takes the right ${decideScope}`
  const refusal = mayNotSteer(ceiling, goal)
  if (refusal !== undefined) return refusal
  const { effect } = ceiling
  if (choice === 'approve' && effect !== undefined && !isWithin(tool.effect, effect))
    return `${principal} may not approve ${tool.id}: it is of the effect ${tool.effect}, and this key is for ${effect} at most`
  if (!four_eyes) return undefined
  if (askedBy.length === 0)
    return `The rule ${rule} needs somebody else than who asked, and the record does not say who did: deny it by cancelling the run`
  return askedBy.includes(principal)
    ? `The rule ${rule} needs somebody else than ${askedBy.join(' and ')}, who asked`
    : undefined
}
