import type { Issue } from '../../../shared/failure.ts'
import type { Decision } from '../../model/decision.ts'
import type { ModelOutcome } from '../../model/model-call.ts'
import type { Situation } from '../../model/situation.ts'
import type { ModelAnswer } from './endpoint.ts'
import { readAnswer } from './read-answer.ts'

/** What an answer is worth: a decision, another try with what was wrong, or none of this model. */
export type Judged =
  | { what: 'decided'; decision: Decision }
  | { what: 'unusable'; issues: readonly Issue[] }
  | { what: 'failed'; why: string }

/** Judges an answer, and says what the record keeps of it. Only one that ended by itself is read. */
export function judgeAnswer(
  { stop_reason, text: response }: Pick<ModelAnswer, 'stop_reason' | 'text'>,
  situation: Situation,
): { outcome: ModelOutcome; result: { judged: Judged } } {
  const unusable = (problems: Issue[], judged: Judged = { what: 'unusable', issues: problems }) => ({
    outcome: { status: 'unusable' as const, stop_reason, response, problems },
    result: { judged },
  })
  if (stop_reason === 'refusal') {
    const why = 'the model refused to answer'
    return unusable([{ path: '', message: why }], { what: 'failed', why })
  }
  if (!ended.has(stop_reason)) return unusable([{ path: '', message: whyUnfinished(stop_reason) }])
  const read = readAnswer(response, situation)
  if (!read.ok) return unusable(read.issues)
  return {
    outcome: { status: 'answered', stop_reason, response },
    result: { judged: { what: 'decided', decision: read.decision } },
  }
}

/** Stop reasons of answers that are whole. */
const ended: ReadonlySet<string> = new Set(['end_turn', 'stop_sequence'])

function whyUnfinished(stopReason: string): string {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'the answer was cut off at its greatest length: answer in fewer words'
    case 'pause_turn':
      return 'the answer was paused before its end'
    case 'tool_use':
      return 'the answer is a call of a tool: answer with the one object {"decision": …}, and call nothing'
    default:
      return 'the answer did not end by itself'
  }
}
