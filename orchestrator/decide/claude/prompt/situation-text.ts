import type { Issue } from '../../../../shared/failure.ts'
import type { Json } from '../../../../shared/json.ts'
import type { Catalogue } from '../../../model/catalogue.ts'
import type { Decision } from '../../../model/decision.ts'
import { evidenceFor } from '../../../model/evidence.ts'
import type { Situation } from '../../../model/situation.ts'
import { dataBlock, inertJson, inertLine } from './data-block.ts'
import { showValue } from './show-value.ts'
import { taskLines } from './task-lines.ts'

/** How many answers of people are shown, the last ones. */
const mostAnswers = 10

/** Longer questions and answers are cut. */
const longestAnswer = 500

/** Letters that a refused decision may take. */
const mostOfRefused = 12_000

/** An answer of the model that the runtime could not use, and why. */
export interface Unusable {
  issues: readonly Issue[]
}

/** How the run stands: the changing end of the prompt. Bounded, however long the run is. */
export function situationText(situation: Situation, catalogue: Catalogue, unusable: Unusable | undefined): string {
  const lines = taskLines(situation, catalogue)
  return [
    '# Situation',
    lines.length === 0 ? 'Nothing has been done yet.' : `Revision ${situation.revision} of the plan.`,
    budgetLine(situation),
    ...outcomeLines(situation),
    ...(lines.length === 0 ? [] : ['## Tasks', ...lines]),
    ...answerLines(situation),
    ...searchLines(situation),
    ...refusalLines(situation),
    ...(unusable ? ['## Your last answer could not be used', ...issueLines(unusable.issues), 'Answer again.'] : []),
    'Decide.',
  ].join('\n')
}

function budgetLine({ budget, usage, reserved, revision }: Situation): string {
  const calls = Math.max(0, budget.tool_calls - usage.tool_calls - reserved.tool_calls)
  return `Left of the budget: ${calls} tool calls, ${Math.max(0, budget.revisions - revision)} plans.`
}

function outcomeLines(situation: Situation): string[] {
  const { waived, calls, tasks, created } = situation
  const evidence = evidenceFor(situation)
  const taskOf = (callId: string) => {
    const id = calls.get(callId)?.task_id ?? ''
    return tasks.get(id)?.item_of ?? id
  }
  const held = evidence.map(({ fact, established_by }) => `- ${fact}: established by ${taskOf(established_by)}`)
  const given = [...waived].map((fact) => `- ${fact}: a person goes on without it`)
  if (tasks.size === 0 || created.goal.outcomes.length === 0) return given
  const open = created.goal.outcomes
    .filter(({ fact }) => !waived.has(fact) && !evidence.some((one) => one.fact === fact))
    .map(({ fact }) => `- ${fact}: does not hold`)
  return ['## Outcomes', ...held, ...given, ...open]
}

function answerLines({ answers }: Situation): string[] {
  if (answers.length === 0) return []
  const told = answers.slice(-mostAnswers).map(({ question, choice, why }) => {
    // The question may hold what a tool said.
    const reason = why === undefined ? '' : ` (${inertJson(why.slice(0, longestAnswer))})`
    const asked = dataBlock('question', question.slice(0, longestAnswer))
    return `- ${asked} → ${inertJson(choice.slice(0, longestAnswer))}${reason}`
  })
  return ['## What people answered', ...told]
}

function searchLines({ decisions }: Situation): string[] {
  const last = decisions.at(-1)
  if (last?.decision.kind !== 'find_tools' || last.problems) return []
  return [`You searched for ${inertJson(last.decision.query)}: what was found is among the tools.`]
}

/** A refused decision goes back with what was wrong with it. */
function refusalLines({ decisions }: Situation): string[] {
  const last = decisions.at(-1)
  if (!last?.problems) return []
  return [
    '## Your last decision was refused',
    dataBlock('your decision', brief(last.decision)),
    'What was wrong:',
    ...issueLines(last.problems),
    'Decide again, with all of that mended.',
  ]
}

/** As much of it as there is room for: whoever made it is to know it again. */
function brief(decision: Decision): Json {
  const shown = (value: object) => showValue(JSON.parse(JSON.stringify(value)), []).value
  if (decision.kind !== 'plan') return shown(decision)
  const tasks: Json[] = []
  let room = mostOfRefused
  for (const { why: _, ...task } of decision.tasks) {
    const one = shown(task)
    room -= inertJson(one).length
    if (room < 0) break
    tasks.push(one)
  }
  const more = decision.tasks.length - tasks.length
  return { kind: 'plan', tasks, ...(more > 0 ? { more_tasks: more } : {}) }
}

/** A message may quote what a tool returned, and a path the names that a model made up. */
function issueLines(issues: readonly Issue[]): string[] {
  return issues
    .slice(0, 30)
    .map(({ path, message }) => `- ${inertLine(path, 200) || '/'}: ${inertJson(message.slice(0, 400))}`)
}
