import { CapabilityError } from '../shared/failure.ts'
import type { Json } from '../shared/json.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { mayNotAnswer, mayNotSteer } from './enforce/may-steer.ts'
import { withinCeiling } from './enforce/within-ceiling.ts'
import { validateInput } from './goals/validate-input.ts'
import type { Backend, McpCaller } from './mcp/backend.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Event } from './model/event.ts'
import type { Goal } from './model/goal.ts'
import { faultOfReasoner, type KnownReasoner, usableReasoners } from './model/known-reasoner.ts'
import { redactSealed } from './model/seal.ts'
import { fold, type Situation } from './model/situation.ts'
import type { OpenPursuits } from './open-pursuits.ts'
import type { OpenRecord } from './record/open-record.ts'
import { AnswerError, answer, decideApproval, NotEntitledError, requestCancel } from './run/answer.ts'

export interface McpBackendParts {
  goals: readonly Goal[]
  /** Sub-goals included. */
  catalogue: Catalogue
  reasoners: readonly KnownReasoner[]
  record: { journal: Pick<OpenRecord['journal'], 'read'>; queries: Pick<OpenRecord['queries'], 'listRuns'> }
  pursuing: Pick<OpenPursuits, 'createRun' | 'desk' | 'wake'>
  /** What makes single calls, each as a run of its own. */
  calls: Pick<Backend, 'callTool' | 'resumeCall'>
  untilGrown: Backend['untilGrown']
}

/** What Remit's MCP server works with, over the record and what pursues runs. */
export function openMcpBackend(parts: McpBackendParts): Backend {
  const { goals, catalogue, reasoners, record, pursuing, calls, untilGrown } = parts
  const { desk } = pursuing

  /** The journal sees every tenant: what it returns is looked at once more. */
  async function eventsOf(caller: McpCaller, runId: string): Promise<Event[]> {
    const events = isRunId(runId) ? await record.journal.read(runId) : []
    if (events.length === 0 || events.some(({ tenant }) => tenant !== caller.tenant))
      throw new CapabilityError('not_found', `There is no run ${runId}`)
    return events
  }

  /** What a person says of a run of theirs, and then whoever pursues it hears of it. */
  async function say(caller: McpCaller, runId: string, words: () => Promise<void>): Promise<void> {
    const { created } = fold(await eventsOf(caller, runId))
    const refusal = mayNotSteer(caller.ceiling, created.goal.goal)
    if (refusal !== undefined) throw new CapabilityError('denied', refusal)
    await words().catch((error: unknown) => {
      if (!(error instanceof AnswerError)) throw error
      const kind = error instanceof NotEntitledError ? 'denied' : 'conflict'
      throw new CapabilityError(kind, error.message, { cause: error })
    })
    await pursuing.wake(runId)
  }

  return {
    callTool: calls.callTool,
    async resumeCall(caller, runId, call) {
      await eventsOf(caller, runId)
      return calls.resumeCall(caller, runId, call)
    },
    goals,
    catalogue,
    async startRun({ tenant, principal, ceiling }, { goal: name, input, budget, reasoner: wanted }) {
      const reasoner = reasonerNamed(reasoners, wanted)
      const narrowed = withinCeiling(goalNamed(goals, name), { ceiling, ...(budget && { budget }) }, catalogue)
      if (!narrowed.ok) {
        const { kind, message, issues } = narrowed.failure
        throw new CapabilityError(kind, message, issues && { issues })
      }
      const { goal } = narrowed
      const checked = validateInput(goal, input)
      if (!checked.ok) {
        const issues = checked.issues.map(({ path, message }) => ({ path: `/input${path}`, message }))
        throw new CapabilityError('invalid_input', `The input of ${name} is not right`, { issues })
      }
      return pursuing.createRun(goal, checked.input, { mine: false, owner: { tenant, principal }, reasoner })
    },
    listRuns: ({ tenant }, filter) => record.queries.listRuns(tenant, filter),
    situation: async (caller, runId) => fold(await eventsOf(caller, runId)),
    async timeline(caller, runId) {
      const events = await eventsOf(caller, runId)
      return events.map(({ seq, type, at, data }) => redactSealed({ seq, type, at, data } as unknown as Json))
    },
    answer(caller, runId, choice, why) {
      const refusal = (now: Situation) => mayNotAnswer(caller.ceiling, choice, now, catalogue)
      return say(caller, runId, () => answer(runId, { choice, ...saidBy(caller, why) }, desk, refusal))
    },
    decideApproval(caller, { run_id, approval_id }, choice, why) {
      const decision = { choice, decider: caller, ...(why === undefined ? {} : { why }) }
      return say(caller, run_id, () => decideApproval(run_id, approval_id, decision, desk))
    },
    cancel: (caller, runId, why) => say(caller, runId, () => requestCancel(runId, saidBy(caller, why), desk)),
    untilGrown,
  }
}

function saidBy({ principal }: McpCaller, why: string | undefined): { by: string; why?: string } {
  return { by: principal, ...(why !== undefined && { why }) }
}

function goalNamed(goals: readonly Goal[], name: string): Goal {
  const found = goals.find(({ goal }) => goal === name)
  if (found) return found
  const names = goals.map(({ goal }) => goal)
  const message = `must be one of ${names.join(', ')}`
  throw new CapabilityError('invalid_input', `There is no goal ${name}${didYouMean(name, names)}`, {
    issues: [{ path: '/goal', message }],
  })
}

/** Who decides: who was asked for, or else the first that can. */
function reasonerNamed(known: readonly KnownReasoner[], wanted: string | undefined): string {
  const [chosen] = usableReasoners(known, wanted)
  if (chosen) return chosen.name
  const message = wanted === undefined ? 'nobody can decide here' : (faultOfReasoner(wanted, known) ?? '')
  throw new CapabilityError('invalid_input', 'The run cannot be started', { issues: [{ path: '/reasoner', message }] })
}

function isRunId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}
