import { v7 as uuidv7 } from 'uuid'
import { InputError } from './cli/remit.ts'
import { mayNotAnswer } from './enforce/may-steer.ts'
import type { Gateway } from './execute/gateway.ts'
import { ProblemError } from './http/problem.ts'
import type { Service } from './http/service.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Mode } from './model/event.ts'
import type { Goal } from './model/goal.ts'
import type { KnownReasoner } from './model/known-reasoner.ts'
import type { Owner } from './model/run.ts'
import { forAnybody } from './model/server-status.ts'
import { fold, type Situation } from './model/situation.ts'
import type { OpenPursuits } from './open-pursuits.ts'
import type { OpenRecord } from './record/open-record.ts'
import { type Answer, answer, decideApproval, requestCancel } from './run/answer.ts'
import { tenantEvents } from './tenant-events.ts'

export interface ServiceParts {
  mode: Mode
  /** Sub-goals included. */
  catalogue: Catalogue
  goals: readonly Goal[]
  reasoners: readonly KnownReasoner[]
  record: OpenRecord
  pursuing: OpenPursuits
  /** Absent where nothing is called in this process. */
  gateway: Gateway | undefined
}

/** What HTTP works with, over the record and what pursues runs. Tenants' data is read by a role that sees one tenant at a time. */
export async function openService({
  mode,
  catalogue,
  goals,
  reasoners,
  record,
  pursuing,
  gateway,
}: ServiceParts): Promise<Service & { close(): Promise<void> }> {
  const { journal, queries, queue, runRequests } = record
  const { desk, wake } = pursuing
  const listeners: ((runId?: string, seq?: number) => void)[] = []
  const listening = await record.growth.listen((runId, seq) => {
    for (const listener of listeners) listener(runId, seq)
  })
  const eventsOf = tenantEvents(journal)

  return {
    mode,
    catalogue,
    goals,
    reasoners,
    async createRun(owner, { goal, input, reasoner, idempotency }) {
      const options = { mine: false, reasoner, owner: { tenant: owner.tenant, principal: owner.principal } }
      if (!idempotency) return pursuing.createRun(goal, input, options)
      const { run_id, same } = await runRequests.claim(owner, { ...idempotency, run_id: uuidv7() })
      if (!same)
        throw new ProblemError('conflict', 'Something else was asked for under this Idempotency-Key: use another one')
      return pursuing.createRun(goal, input, { ...options, run_id })
    },
    listRuns: (tenant, filter) => queries.listRuns(tenant, filter),
    findRun: (tenant, runId) => queries.run(tenant, runId),
    situation: async (tenant, runId) => fold(await eventsOf(tenant, runId)),
    async situationAt(tenant, runId, seq) {
      const events = await eventsOf(tenant, runId)
      return seq > events.length ? undefined : fold(events.slice(0, seq))
    },
    readEvents: (tenant, runId, page) => queries.events(tenant, runId, page),
    onGrowth: (listener) => void listeners.push(listener),
    async cancel(owner, runId, why) {
      await requestCancel(runId, said(owner, 'cancel', why), desk)
      await wake(runId)
    },
    fork: ({ tenant, principal }, situation) =>
      pursuing.forkRun(situation, { mine: false, owner: { tenant, principal } }),
    async answer({ ceiling, ...owner }, runId, choice, { why, change }) {
      const given = said(owner, choice, why)
      const situation = fold(await eventsOf(owner.tenant, runId))
      const input = change && (await asProblem(() => pursuing.changeInput(situation, change)))
      const refusal = (now: Situation) => mayNotAnswer(ceiling, choice, now, catalogue)
      await answer(runId, input ? { ...given, input } : given, desk, refusal)
      await wake(runId)
    },
    openApprovals: (tenant) => queries.openApprovals(tenant),
    async decideApproval(decider, { run_id, approval_id }, choice, why) {
      const decision = { choice, decider, ...(why === undefined ? {} : { why }) }
      await decideApproval(run_id, approval_id, decision, desk)
      await wake(run_id)
    },
    verify: (runId) => record.verifier.verifyRun(runId),
    exportRun: (runId) => record.exporter.exportRun(runId),
    keys: record.apiKeys,
    servers: () => (gateway?.status() ?? []).map(forAnybody),
    countDue: () => queue.countDue(mode),
    close: () => listening.close(),
  }
}

function said({ principal }: Owner, choice: string, why: string | undefined): Answer {
  return { choice, by: principal, ...(why === undefined ? {} : { why }) }
}

/** A change that would make the input wrong is told by its places in the request. */
async function asProblem<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const issues = error.issues.map(({ path, message }) => ({ path: `/change${path}`, message }))
    throw new ProblemError('invalid_input', error.message, { issues })
  }
}
