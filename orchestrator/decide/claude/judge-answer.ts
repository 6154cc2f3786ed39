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
  const fault = unfinished[stop_reason]
  if (fault !== undefined) return unusable([{ path: '', message: fault }])
  if (stop_reason === 'refusal') {
    const why = 'the model refused to answer'
    return unusable([{ path: '', message: why }], { what: 'failed', why })
  }
  const read = readAnswer(response, situation)
  if (!read.ok) return unusable(read.issues)
  return {
    outcome: { status: 'answered', stop_reason, response },
    result: { judged: { what: 'decided', decision: read.decision } },
  }
}

const cutOff = 'the answer was cut off at its greatest length: answer in fewer words'

/** Stop reasons of answers of which only a part is there. */
const unfinished: Readonly<Record<string, string>> = {
  max_tokens: cutOff,
  model_context_window_exceeded: cutOff,
  pause_turn: 'the answer was paused before its end',
}
