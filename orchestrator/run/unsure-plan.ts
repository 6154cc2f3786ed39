import type { Decision } from '../model/decision.ts'
import { type Draft, draft } from '../model/event.ts'
import type { Situation } from '../model/situation.ts'
import { inTime } from './in-time.ts'
import type { Parts, Timed } from './parts.ts'

type Plan = Extract<Decision, { kind: 'plan' }>

/** True where a person let the plan go on that the reasoner was not sure of: it is taken as it is, and nobody is asked again. */
export function isAgreed({ decisions, answers }: Situation): boolean {
  const last = decisions.at(-1)
  const answer = answers.at(-1)
  const isOpen = last?.decision.kind === 'plan' && !last.accepted && !last.problems
  return isOpen && answer?.choice === proceed && answer.seq > last.seq
}

const proceed = 'proceed'

/** True where the reasoner is less sure of its plan than the goal wants it to be. */
export function isUnsure({ confidence = 1 }: Plan, { created }: Situation): boolean {
  return confidence < (created.goal.confidence ?? 0)
}

/** Asks a person whether the plan is to be taken. */
export function askAboutPlan(
  { confidence = 1, tasks, why }: Plan,
  situation: Situation,
  parts: Pick<Parts, 'newId'> & Timed,
): Draft {
  const sure = `${Math.round(confidence * 100)} %`
  const steps = tasks.map(({ id, tool }) => `${id} (${tool})`).join(', ')
  return draft('wait_started', {
    wait_id: parts.newId(),
    for: 'answer',
    about: 'plan',
    question: `The reasoner is only ${sure} sure of this plan: ${steps}. ${why}`,
    choices: [
      { choice: proceed, title: 'go on with this plan' },
      { choice: 'again', title: 'plan again' },
      { choice: 'undo', title: 'end the run, and undo all that it did' },
    ],
    facts: [],
    until: inTime(situation, parts),
    otherwise: 'undo',
  })
}
