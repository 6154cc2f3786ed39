import type { Issue } from '../../shared/failure.ts'
import { remaining } from '../enforce/budget.ts'
import { checkFinish } from '../enforce/finish.ts'
import { validatePlan } from '../enforce/validate.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decision, Task } from '../model/decision.ts'
import { type Draft, draft } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import { plannedTask } from '../model/planned-task.ts'
import type { Situation } from '../model/situation.ts'
import { callsToUndo } from './compensation.ts'
import { inTime } from './in-time.ts'
import type { Parts, Timed } from './parts.ts'
import { resultOf } from './result.ts'
import { searchProblem } from './search-problem.ts'
import { unmetFacts } from './unmet-facts.ts'
import { askAboutPlan, isAgreed, isUnsure } from './unsure-plan.ts'

/** What taking a decision needs of the run's parts. */
type Deciding = Pick<Parts, 'catalogue' | 'newId'> & Timed

type GiveUp = Extract<Decision, { kind: 'give_up' }>

/** What follows from the decision just made: the plan is accepted or refused, the run ends, waits, or is undone. */
export function takeDecision(situation: Situation, parts: Deciding): Draft[] {
  const made = situation.decisions.at(-1)
  if (!made) return []
  const refuse = (problems: Issue[]): Draft[] => [draft('decision_refused', { decision_seq: made.seq, problems })]
  const { decision } = made
  switch (decision.kind) {
    case 'plan': {
      const most = situation.budget.revisions
      if (situation.revision >= most)
        return outOfReach(situation, exhausted(situation, `The plan was made ${most} times`), parts)
      const valid = validatePlan(decision, situation, parts.catalogue)
      const problems = [...noticeProblems(decision.tasks), ...(valid.ok ? [] : valid.problems)]
      if (!valid.ok || problems.length > 0) return refuse(problems)
      if (isUnsure(decision, situation) && !isAgreed(situation)) return [askAboutPlan(decision, situation, parts)]
      return [draft('plan_accepted', { revision: situation.revision + 1, tasks: valid.tasks, tools: valid.tools })]
    }
    case 'finish': {
      const checked = checkFinish(decision, situation)
      if (!checked.ok) return refuse(checked.problems)
      return [finished(situation, 'succeeded', decision.outcomes)]
    }
    case 'ask':
      return [
        draft('wait_started', {
          wait_id: parts.newId(),
          for: 'answer',
          question: decision.question,
          choices: decision.choices.map((choice) => ({ choice, title: choice })),
          facts: [],
          until: inTime(situation, parts),
          otherwise: 'no_answer',
        }),
      ]
    case 'find_tools': {
      const problem = searchProblem(situation)
      return problem === undefined ? [] : refuse([{ path: '/query', message: problem }])
    }
    case 'give_up':
      return outOfReach(situation, decision, parts)
  }
}

/** A notice is not undone, so no plan may call its tasks that. */
function noticeProblems(tasks: readonly Task[]): Issue[] {
  return tasks.flatMap(({ notice }, index) =>
    notice
      ? [{ path: `/tasks/${index}/notice`, message: 'only what tells of trouble, when giving up, is a notice' }]
      : [],
  )
}

function exhausted(situation: Situation, why: string): GiveUp {
  return { kind: 'give_up', code: 'budget_exhausted', facts: unmetFacts(situation), issues: [], why }
}

/** The goal's own answer to outcomes that cannot be had: undo the run, ask a person, or go on without them. */
function outOfReach(situation: Situation, { code, facts, issues, why, notice = [] }: GiveUp, parts: Deciding): Draft[] {
  const unmet = new Set([...facts, ...unmetFacts(situation)])
  const answers = situation.created.goal.outcomes.filter(({ fact }) => unmet.has(fact) && !situation.waived.has(fact))
  const error = { code, message: why, issues }
  if (situation.calls.size === 0) return [finished(situation, 'failed', [], error)]
  const isOneCall = situation.created.goal.call !== undefined
  if (isOneCall || answers.some(({ on_failure }) => on_failure === 'undo')) {
    return [draft('compensation_started', { reason: why, calls: callsToUndo(situation) })]
  }
  const waiting = answers.filter(({ on_failure }) => on_failure === 'wait').map(({ fact }) => fact)
  const isOpen = situation.created.goal.outcomes.length === 0
  if (waiting.length === 0 && !isOpen) return [finished(situation, 'succeeded', evidenceFor(situation), error)]
  return [
    ...tell(situation, notice, parts),
    draft('wait_started', {
      wait_id: parts.newId(),
      for: 'answer',
      about: 'trouble',
      question: `${isOpen ? 'The goal' : waiting.join(', ')} cannot be had: ${why}`,
      choices: [
        ...(ranOut(situation, code)
          ? [{ choice: 'extend', title: 'give it its budget once more, and try again' }]
          : []),
        { choice: 'retry', title: 'try the failed tasks again' },
        { choice: 'change', title: 'change the input, and try the failed tasks again' },
        // Where no outcome was named, nothing says what would be left to go on for.
        ...(isOpen ? [] : [{ choice: 'accept', title: `go on without ${waiting.join(', ')}` }]),
        { choice: 'undo', title: 'undo all that this run did' },
      ],
      facts: waiting,
      until: inTime(situation, parts),
      otherwise: isOpen ? 'undo' : (situation.created.goal.answer?.otherwise ?? 'accept'),
    }),
  ]
}

function ranOut({ tasks }: Situation, code: string): boolean {
  return code === 'budget_exhausted' || [...tasks.values()].some(({ failure }) => failure?.kind === 'budget_exhausted')
}

/** The plan with the notice added: it starts at once, while the run waits. A notice that may not stand is left out. */
function tell(situation: Situation, notice: Task[], { catalogue }: Pick<Parts, 'catalogue'>): Draft[] {
  if (notice.length === 0 || !notice.every(({ tool }) => mayTell(tool, situation, catalogue))) return []
  // Trouble is told even where the plan may not be made again.
  const limits = { ...remaining(situation), revisions: 1 }
  const valid = validatePlan({ kind: 'plan', tasks: notice, why: '' }, situation, catalogue, limits)
  if (!valid.ok) return []
  const pending = [...situation.tasks.values()]
    .filter(({ status, item_of }) => status === 'pending' && item_of === undefined)
    .map(plannedTask)
  const tasks = [...pending, ...valid.tasks.map((task) => ({ ...task, notice: true }))]
  return [draft('plan_accepted', { revision: situation.revision + 1, tasks, tools: valid.tools })]
}

/** A notice is not undone, so it does no more than the goal says: it reads, and tells people as `on_trouble` wants. */
function mayTell(toolId: string, { created }: Situation, { tools }: Catalogue): boolean {
  const tool = tools.get(toolId)
  const fact = created.goal.on_trouble?.fact
  return tool?.effect === 'read' || (fact !== undefined && tool?.establishes.includes(fact) === true)
}

/** How the run ended, with what exists now and the evidence for it. */
export function finished(
  situation: Situation,
  status: 'succeeded' | 'failed' | 'cancelled',
  outcomes: { fact: string; established_by: string }[],
  error?: { code: string; message: string; issues?: Issue[] },
): Draft {
  const result = status === 'succeeded' ? resultOf(situation) : {}
  return draft('run_finished', { status, outcomes, result, ...(error ? { error } : {}) })
}
