import { judgeExpect } from '../enforce/expect.ts'
import type { CallOutcome, CallResult } from '../model/call.ts'
import type { ToolContract } from '../model/catalogue.ts'
import { type Draft, draft } from '../model/event.ts'
import type { CallState, Situation } from '../model/situation.ts'
import { afterCall } from './after-call.ts'
import type { Parts, Timed } from './parts.ts'

/** The settlement of a call: its outcome as the tool's `expect` judges it, what it establishes, and what comes next. */
export function settleCall(
  situation: Situation,
  call: CallState,
  result: CallResult,
  parts: Pick<Parts, 'random'> & Timed,
): Draft {
  const contract = situation.tools[`${call.server}.${call.tool}`]
  const task = situation.tasks.get(call.task_id)
  const taskContract = task && situation.tools[task.tool]
  const expected = call.purpose === 'lookup' ? taskContract : contract
  // What a lookup finds is judged as the reply of the call that it looks up.
  const judged = (call.looks_up === undefined ? undefined : situation.calls.get(call.looks_up)) ?? call
  const outcome = asExpected(result.outcome, judged, expected)
  const next = afterCall(
    {
      contract: contract ?? { effect: 'read', idempotency: 'none', timeout_ms: 0 },
      purpose: call.purpose,
      attempt: call.attempt,
      ...(judged === call ? {} : { lookedUpAttempt: judged.attempt }),
      generation: call.generation,
      firstIntendedAt: firstUnderSameKey(situation, call).intended_at,
      deadline: judged.deadline,
      intendedAt: call.intended_at,
      outcome,
    },
    parts.clock.now(),
    parts.random(),
  )
  const established = call.purpose === 'compensation' || task?.notice ? undefined : expected
  return draft('call_settled', {
    call_id: call.call_id,
    outcome,
    establishes: outcome.status === 'succeeded' ? (established?.establishes ?? []) : [],
    next,
    ...(result.era === undefined ? {} : { era: result.era }),
    started_at: result.started_at,
    settled_at: result.settled_at,
    egress: result.egress,
    ...(result.spent === undefined ? {} : { spent: result.spent }),
  })
}

/** A call whose process ended before it could settle: nobody knows whether it happened. */
export function lostCall(call: CallState, now: Date): CallResult {
  return {
    outcome: {
      status: 'uncertain',
      failure: { kind: 'unavailable', message: 'The process that made this call ended before the reply came' },
    },
    started_at: call.intended_at,
    settled_at: now.toISOString(),
    egress: [],
  }
}

/** A call that was recorded and then not made: it provably did nothing. */
export function unmadeCall(call: CallState, now: Date): CallResult {
  return {
    outcome: {
      status: 'failed',
      failure: { kind: 'unavailable', message: 'The call was recorded and not made: the run was let go just then' },
    },
    started_at: call.intended_at,
    settled_at: now.toISOString(),
    egress: [],
  }
}

function asExpected(outcome: CallOutcome, call: CallState, contract: ToolContract | undefined): CallOutcome {
  if (outcome.status !== 'succeeded' || contract?.expect === undefined) return outcome
  const failure = judgeExpect(contract.expect, { arguments: call.arguments, output: outcome.output })
  return failure === true ? outcome : { status: 'failed', failure, output: outcome.output }
}

function firstUnderSameKey({ calls, tasks }: Situation, call: CallState): CallState {
  const made = tasks.get(call.task_id)?.calls.flatMap((id) => calls.get(id) ?? []) ?? []
  return made.find((other) => other.idempotency_key === call.idempotency_key) ?? call
}
