import type { Issue } from '../../shared/failure.ts'
import { remaining } from '../enforce/budget.ts'
import { checkFinish } from '../enforce/finish.ts'
import { validatePlan } from '../enforce/validate.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decided, Decision, Task } from '../model/decision.ts'
import { type Draft, draft } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import { isFromOutside, isMadeUp } from '../model/input-provenance.ts'
import { plannedTask } from '../model/planned-task.ts'
import type { Situation } from '../model/situation.ts'
import { callsToUndo } from './compensation.ts'
import { isOutOfTime } from './next-step.ts'
import type { Parts, Timed } from './parts.ts'
import { resultOf } from './result.ts'

/** What taking a decision needs of the run's parts. */
type Deciding = Pick<Parts, 'catalogue' | 'newId'> & Timed

type GiveUp = Extract<Decision, { kind: 'give_up' }>

/** How often in a row the runtime refuses a reasoner's decisions before it stops asking. */
const mostRefusals = 2

/** Asks the reasoner; one that throws has given up. */
export async function decide(situation: Situation, parts: Parts, signal: AbortSignal): Promise<Draft> {
  const started = parts.clock.now().getTime()
  const { decision, usage } = await ask(situation, parts, signal)
  return draft('decision_made', {
    decision,
    reasoner: parts.reasoner.name,
    tainted: isTainted(situation, parts),
    usage,
    duration_ms: parts.clock.now().getTime() - started,
  })
}

/** True once something untrusted has reached who decides: what came from outside at all, what tools returned where it is read. */
function isTainted({ input_provenance, settlements }: Situation, { reasonerReadsOutputs }: Parts): boolean {
  if (isFromOutside(input_provenance)) return true
  return reasonerReadsOutputs && (settlements > 0 || isMadeUp(input_provenance))
}

async function ask(situation: Situation, parts: Parts, signal: AbortSignal): Promise<Decided> {
  const usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
  const giveUp = (code: string, why: string): Decided => ({
    decision: { kind: 'give_up', code, facts: unmetFacts(situation), issues: [], why },
    usage,
  })
  if (isOutOfTime(situation, parts.clock.now())) {
    const seconds = situation.budget.wall_clock_s
    return giveUp('budget_exhausted', `The run's time of ${seconds} s is over`)
  }
  if (refusalsInARow(situation) >= mostRefusals)
    return giveUp(
      'reasoning_failed',
      `${parts.reasoner.name} made ${mostRefusals} decisions in a row that may not stand`,
    )
  const spent = spentOnReasoning(situation)
  if (spent !== undefined && parts.reasonerCosts) return giveUp('budget_exhausted', spent)
  if (isStuck(situation)) return giveUp('stuck', `${parts.reasoner.name} decided, and nothing came of it`)
  try {
    return await parts.reasoner.decide(situation, parts.catalogue, signal)
  } catch (error) {
    return giveUp('reasoner_failed', `${parts.reasoner.name} failed: ${error instanceof Error ? error.message : error}`)
  }
}

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
    case 'find_tools':
      return refuse([
        { path: '/kind', message: `${made.reasoner} is given every reviewed tool: there is nothing to find` },
      ])
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
  if (answers.some(({ on_failure }) => on_failure === 'undo')) {
    return [draft('compensation_started', { reason: why, calls: callsToUndo(situation) })]
  }
  const waiting = answers.filter(({ on_failure }) => on_failure === 'wait').map(({ fact }) => fact)
  if (waiting.length === 0) return [finished(situation, 'succeeded', evidenceFor(situation), error)]
  return [
    ...tell(situation, notice, parts),
    draft('wait_started', {
      wait_id: parts.newId(),
      for: 'answer',
      question: `${waiting.join(', ')} cannot be had: ${why}`,
      choices: [
        ...(ranOut(situation, code)
          ? [{ choice: 'extend', title: 'give it its budget once more, and try again' }]
          : []),
        { choice: 'retry', title: 'try the failed tasks again' },
        { choice: 'change', title: 'change the input, and try the failed tasks again' },
        { choice: 'accept', title: `go on without ${waiting.join(', ')}` },
        { choice: 'undo', title: 'undo all that this run did' },
      ],
      facts: waiting,
      until: inTime(situation, parts),
      otherwise: situation.created.goal.answer?.otherwise ?? 'accept',
    }),
  ]
}

/** Until when a question may be answered. */
function inTime({ created }: Situation, { clock }: Timed): string {
  const seconds = created.goal.answer?.within_s ?? answerSeconds
  return new Date(clock.now().getTime() + seconds * 1_000).toISOString()
}

/** Of a goal that was recorded before goals said so: a week. */
const answerSeconds = 7 * 24 * 3_600

/** Which limit keeps a reasoner that costs something from being asked again. */
function spentOnReasoning(situation: Situation): string | undefined {
  const left = remaining(situation)
  const limit = (['model_calls', 'tokens', 'cost_usd'] as const).find((name) => left[name] <= 0)
  return limit && `The budget of ${situation.budget[limit]} ${limit} is used up`
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

/** The outcomes that no settled call establishes and that nobody waived. */
export function unmetFacts(situation: Situation): string[] {
  const met = new Set(evidenceFor(situation).map(({ fact }) => fact))
  return situation.created.goal.outcomes
    .map(({ fact }) => fact)
    .filter((fact) => !met.has(fact) && !situation.waived.has(fact))
}

function refusalsInARow(situation: Situation): number {
  const accepted = situation.decisions.findLastIndex(({ problems }) => problems === undefined)
  return situation.decisions.length - 1 - accepted
}

/** True where the last decision was accepted and not one event came of it. */
function isStuck(situation: Situation): boolean {
  const last = situation.decisions.at(-1)
  return last !== undefined && last.problems === undefined && last.seq === situation.seq
}
