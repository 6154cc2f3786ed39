import type { Decision } from '../../model/decision.ts'
import type { EventData } from '../../model/event.ts'
import { count } from '../text/count.ts'
import { duration } from '../text/duration.ts'
import { issueLines } from '../text/issue-lines.ts'
import { bad, block, faint, heading, type Line, spread } from '../text/line.ts'

/** More reasons than this are counted only. */
const mostReasons = 10

/** What was decided, by whom, and why. */
export function decisionLines(made: EventData['decision_made'], columns: number): Line[] {
  const { decision, reasoner } = made
  return [
    [],
    spread([heading(`Decided: ${decisionText(decision)}`)], [faint(`${reasoner}, ${costText(made)}`)], columns),
    ...(decision.why === '' ? [] : block(['  '], decision.why, columns)),
    ...(decision.kind === 'give_up' ? reasonLines(decision, columns) : []),
  ]
}

/** Why the runtime did not accept a decision. */
export function refusedDecisionLines({ problems }: EventData['decision_refused'], columns: number): Line[] {
  return [[bad('✗'), ' The runtime does not accept this decision:'], ...issueLines(problems, columns)]
}

/** A decision in a few words. */
export function decisionText(decision: Decision): string {
  switch (decision.kind) {
    case 'plan':
      return `a plan of ${count(decision.tasks.length, 'call')}`
    case 'find_tools':
      return `look for tools ("${decision.query}")`
    case 'ask':
      return 'ask a person'
    case 'finish':
      return `finish, with evidence for ${count(decision.outcomes.length, 'outcome')}`
    case 'give_up':
      return `give up (${decision.code})`
  }
}

function costText({ usage, duration_ms }: EventData['decision_made']): string {
  const money = usage.cost_usd > 0 ? `, $${usage.cost_usd.toFixed(2)}` : ''
  return `${duration(duration_ms)}${money}`
}

/** Where a task failed, that says enough: why nothing else would do is in the record. */
function reasonLines({ code, issues }: Extract<Decision, { kind: 'give_up' }>, columns: number): Line[] {
  if (code === 'task_failed') return []
  const more = issues.length - mostReasons
  return [
    ...issueLines(issues.slice(0, mostReasons), columns),
    ...(more > 0 ? [[faint(`  and ${count(more, 'more reason')}`)]] : []),
  ]
}
