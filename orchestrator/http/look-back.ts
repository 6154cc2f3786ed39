import type { ReplayDocument } from '../run/replay.ts'
import type { TrialDocument } from '../run/try-policy.ts'

/** Looking at past runs again: nothing is called and nothing is recorded. Every run is the tenant's own. */
export interface LookBack {
  /** Derives a run again from its record. Throws a `ProblemError`: `not_found`, or `too_large`. */
  replay(tenant: string, runId: string): Promise<ReplayDocument>
  /**
   * Judges the calls of runs by other rules. Throws a `ProblemError`: `not_found` for a run that is not there,
   * `invalid_input` with the lines of a policy that is none, or that costs too much, `rate_limited` where too many are at it.
   */
  tryPolicy(tenant: string, trial: PolicyTrial): Promise<TrialDocument & { next?: string }>
}

export interface PolicyTrial {
  /** The YAML of a policy; the rules in force where it is left out. */
  policy?: string
  /** One run, or else those that were accepted since an instant, the latest first, `limit` of them after a `cursor`. */
  runs: { id: string } | { from: string; limit: number; cursor?: string }
}
