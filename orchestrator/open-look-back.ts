import { planner } from './decide/planner/planner.ts'
import type { Policy } from './enforce/policy/policy.ts'
import type { LookBack, PolicyTrial } from './http/look-back.ts'
import { ProblemError } from './http/problem.ts'
import type { Catalogue } from './model/catalogue.ts'
import { digestSealed } from './model/seal.ts'
import { PolicyRefusedError, type TrialLimits, TrialStoppedError, tryPolicyApart } from './policy-trial.ts'
import type { OpenRecord } from './record/open-record.ts'
import { replay, replayDocument } from './run/replay.ts'
import { tenantEvents } from './tenant-events.ts'

export interface LookBackParts {
  record: Pick<OpenRecord, 'journal' | 'queries'>
  /** Sub-goals included. */
  catalogue: Catalogue
  /** The rules in force. */
  policy: Policy
  /** What differs from what a trial may usually cost. */
  limits?: TrialLimits
}

/** Events of a run that is derived again here, which takes some 0.3 ms for each. */
const mostEvents = 10_000

/** Policies that are tried at once, each in a thread of its own. */
const mostTrials = 2

const mostIssues = 100

/** Past runs, for who asks over the network. */
export function openLookBack({ record: { journal, queries }, catalogue, policy, limits }: LookBackParts): LookBack {
  const eventsOf = tenantEvents(journal)
  let underWay = 0

  /** The runs that are to be looked at, and where to go on after them. */
  async function chosen(tenant: string, runs: PolicyTrial['runs']): Promise<{ ids: string[]; next?: string }> {
    if (!('id' in runs)) {
      const { runs: found, next } = await queries.listRuns(tenant, runs)
      return { ids: found.map(({ run_id }) => run_id), ...(next !== undefined && { next }) }
    }
    await found(tenant, runs.id)
    return { ids: [runs.id] }
  }

  async function found(tenant: string, runId: string): Promise<void> {
    if (!(await queries.run(tenant, runId))) throw new ProblemError('not_found', `There is no run ${runId}`)
  }

  async function* journals(tenant: string, ids: readonly string[]) {
    for (const id of ids) yield await eventsOf(tenant, id)
  }

  return {
    async replay(tenant, runId) {
      await found(tenant, runId)
      const events = await eventsOf(tenant, runId)
      if (events.length > mostEvents)
        throw new ProblemError('too_large', 'The run is too large to be derived again here: remit replay does it')
      const parts = { reasoner: planner, catalogue, policy, digestArguments: digestSealed }
      return replayDocument(await replay(events, parts))
    },
    async tryPolicy(tenant, { policy: text, runs }) {
      if (underWay >= mostTrials)
        throw new ProblemError('rate_limited', `${mostTrials} policies are being tried already; try again soon`, {
          headers: { 'Retry-After': '5' },
        })
      underWay += 1
      try {
        const { ids, next } = await chosen(tenant, runs)
        // A live catalogue is more than data.
        const { digest, servers, tools } = catalogue
        const work = { policy: text ?? policy, catalogue: { digest, servers, tools } }
        return { ...(await tryPolicyApart(work, journals(tenant, ids), limits)), ...(next !== undefined && { next }) }
      } catch (error) {
        throw asProblem(error)
      } finally {
        underWay -= 1
      }
    },
  }
}

/** Faults of the text are told by their lines in it. */
function asProblem(error: unknown): unknown {
  if (error instanceof TrialStoppedError)
    return new ProblemError('invalid_input', error.message, {
      issues: [{ path: '/policy', message: 'costs too much to judge by' }],
    })
  if (!(error instanceof PolicyRefusedError)) return error
  const issues = error.issues.slice(0, mostIssues).map(({ path, message, line, column }) => ({
    path: '/policy',
    message: [path, message].filter((part) => part !== '').join(' '),
    line,
    column,
  }))
  return new ProblemError('invalid_input', error.message, { issues })
}
