import type { Failure } from '../../shared/failure.ts'
import type { JsonObject } from '../../shared/json.ts'
import { narrowTools } from '../enforce/allowed-tools.ts'
import { isTainted } from '../enforce/taint.ts'
import type { CallResult, Provenance } from '../model/call.ts'
import type { Parent } from '../model/event.ts'
import type { Budget, Goal } from '../model/goal.ts'
import { redactSealed } from '../model/seal.ts'
import type { CallState, Situation } from '../model/situation.ts'
import { type Desk, undoSubGoal } from './answer.ts'
import { type ChildGoals, childGoal } from './child-goal.ts'
import type { ChildResult, RunChildren, UntilStopped } from './parts.ts'

/** A run that is a part of another, before it is recorded. */
export interface NewChild {
  run_id: string
  goal: Goal
  /** Sensitive leaves are sealed for the parent. */
  input: JsonObject
  input_provenance: Provenance
  parent: Parent
  /** Who decides for it: whoever decides for its parent. */
  reasonerName: string
}

/** What the runs of sub-goals stand on. */
export interface ChildParts extends ChildGoals {
  /** Records the run, unless it is recorded already. */
  start(child: NewChild): Promise<void>
  /** Pursues the run, or follows who does, until it rests; undefined where that was stopped. */
  pursue(runId: string, options: UntilStopped): Promise<Situation | undefined>
  desk: Desk
  /** Tells whoever pursues the run that something was recorded. */
  wake(runId: string): Promise<void>
}

/** Sub-goals as runs of their own: a child's id is that of its parent's call. */
export function openChildren({ start, pursue, desk, wake, ...goals }: ChildParts): RunChildren {
  const undo = async (runId: string, reason: unknown) => {
    await undoSubGoal(runId, reasonOf(reason), desk)
    await wake(runId)
  }
  return {
    async pursue(call, parent, { cancel, ...options }): Promise<ChildResult | undefined> {
      const asked = childGoal(call, parent, goals)
      if ('failure' in asked) return { ended: endedAs(call, asked.failure, desk) }
      await start({
        run_id: call.call_id,
        ...asked,
        goal: { ...asked.goal, ...limitsOf(call, parent, asked.goal) },
        reasonerName: parent.created.reasoner,
        parent: parentOf(call, parent),
      })
      let undone: Promise<void> | undefined
      const onCancel = () => {
        undone = undo(call.call_id, cancel.reason)
        undone.catch(() => {})
      }
      if (cancel.aborted) await undo(call.call_id, cancel.reason)
      else cancel.addEventListener('abort', onCancel, { once: true })
      try {
        const situation = await pursue(call.call_id, options)
        // One that could not be told that it is to end is told when it is asked again.
        await undone
        return situation && resultOf(call, situation, desk)
      } finally {
        cancel.removeEventListener('abort', onCancel)
      }
    },
    async undo(call, parent, options): Promise<CallResult | undefined> {
      const runId = String(call.arguments.run_id)
      await undo(runId, { by: `run ${parent.run_id}`, why: parent.compensation?.reason })
      const situation = await pursue(runId, options)
      if (!situation) return undefined
      const remaining = situation.compensation?.remaining ?? []
      if (situation.finished && remaining.length === 0)
        return { ...timesOf(call, desk), outcome: { status: 'succeeded', output: { run_id: runId } } }
      const left = remaining.map(({ tool, why }) => `${tool}: ${why}`).join('; ')
      const message = situation.finished ? `Run ${runId} left ${left}` : `Run ${runId} is not undone yet`
      return endedAs(call, { kind: 'internal', message }, desk)
    },
  }
}

/** What a child knows of its parent. Trust is not won by handing work on. */
function parentOf({ call_id }: CallState, parent: Situation): Parent {
  return {
    run_id: parent.run_id,
    call_id,
    depth: (parent.created.parent?.depth ?? 0) + 1,
    ...(isTainted(parent) ? { tainted: true } : {}),
  }
}

/** What the run may use: no more than the call set aside, no tool that its parent may not use, no more time than is left. */
function limitsOf(call: CallState, parent: Situation, goal: Goal): Pick<Goal, 'budget'> & { tools?: string[] } {
  const { slice } = parent.tasks.get(call.task_id) ?? {}
  const { reservation } = call
  const budget: Budget = { ...goal.budget }
  for (const limit of Object.keys(budget) as (keyof Budget)[]) budget[limit] = slice?.budget[limit] ?? budget[limit]
  for (const limit of Object.keys(reservation) as (keyof typeof reservation)[])
    budget[limit] = reservation[limit] ?? budget[limit]
  const tools = narrowTools(narrowTools(parent.created.goal.tools, slice?.tools), goal.tools)
  return { budget, ...(tools === undefined ? {} : { tools }) }
}

function resultOf(call: CallState, situation: Situation, desk: Desk): ChildResult | undefined {
  const { run_id, finished, compensation, usage: spent } = situation
  if (!finished) return waitOf(situation)
  if (finished.status === 'succeeded') {
    const output = { run_id, result: redactSealed(finished.result) }
    return { ended: { ...timesOf(call, desk), outcome: { status: 'succeeded', output }, spent } }
  }
  const remaining = compensation?.remaining ?? []
  const message = `Run ${run_id} ${finished.status}: ${finished.error?.message ?? 'no reason was given'}`
  const failure = { kind: 'unsatisfied' as const, message }
  // What it left is an effect; a run that undid itself provably had none.
  const outcome = { status: 'failed' as const, failure, ...(remaining.length > 0 && { output: { run_id } }) }
  return { ended: { ...timesOf(call, desk), outcome, spent } }
}

function waitOf({ run_id, waits }: Situation): ChildResult | undefined {
  const [wait] = waits.values()
  return wait && { waits: { run_id, question: wait.question } }
}

function endedAs(call: CallState, failure: Failure, desk: Desk): CallResult {
  return { ...timesOf(call, desk), outcome: { status: 'failed', failure } }
}

function timesOf({ intended_at }: CallState, { clock }: Desk) {
  return { started_at: intended_at, settled_at: clock.now().toISOString(), egress: [] }
}

function reasonOf(reason: unknown): { by: string; why?: string } {
  const { by, why } = Object(reason)
  return { by: typeof by === 'string' ? by : 'its parent', ...(typeof why === 'string' ? { why } : {}) }
}
