import { type Draft, draft } from '../model/event.ts'
import type { Situation } from '../model/situation.ts'
import { callsToUndo, compensationResult } from './compensation.ts'
import { type Intending, intendLookup, intendLookupToUndo, intendTask, intendUndo } from './intend.ts'
import type { Step } from './next-step.ts'
import { finished } from './take-decision.ts'

/** The events that a step consists of, one by one: each rests on the situation that has taken those before it. */
export function* draftsOf(step: Step, situation: Situation, parts: Intending): Generator<Draft> {
  switch (step.do) {
    case 'start':
      for (const task of step.tasks) yield intendTask(situation, task, parts)
      for (const task of step.lookups) yield intendLookup(situation, task, parts)
      return
    case 'expire':
      for (const { wait_id, for: what, otherwise = 'deny' } of step.waits) {
        const ended = what === 'timer' ? { by: 'clock' } : { by: 'deadline', why: 'nobody decided in time' }
        yield draft('wait_ended', { wait_id, choice: otherwise, ...ended })
      }
      return
    case 'start_compensation':
      yield draft('compensation_started', { reason: step.reason, calls: callsToUndo(situation) })
      return
    case 'look_up':
      yield intendLookupToUndo(situation, step.call, parts)
      return
    case 'compensate':
      yield* intendUndo(situation, step.call, step.attempt, parts)
      return
    case 'finish_compensation':
      yield draft('compensation_finished', compensationResult(situation))
      yield endAfterUndo(situation)
  }
}

function endAfterUndo(situation: Situation): Draft {
  const status = situation.cancel_requested ? 'cancelled' : 'failed'
  const message = situation.compensation?.reason ?? ''
  const last = situation.decisions.at(-1)?.decision
  const gaveUp = last?.kind === 'give_up' ? last : undefined
  const code = gaveUp?.code ?? (status === 'cancelled' ? 'cancelled' : 'undone')
  return finished(situation, status, [], { code, message, issues: gaveUp?.issues ?? [] })
}
