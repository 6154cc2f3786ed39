import { formatPointer } from '../../../shared/json-pointer.ts'
import type { Decision } from '../../model/decision.ts'
import { evidenceFor } from '../../model/evidence.ts'
import type { Situation } from '../../model/situation.ts'

/** What to do about a goal that is one call of one tool: plan it, and finish or give up with what came of it. */
export function decideCall(situation: Situation, tool: string): Decision {
  const refused = situation.decisions.at(-1)?.problems
  const [task] = situation.tasks.values()
  if (task?.status === 'succeeded')
    return { kind: 'finish', outcomes: evidenceFor(situation), why: `${tool} succeeded.` }
  if (task || refused) {
    const facts = situation.created.goal.outcomes.map(({ fact }) => fact)
    const issues = task?.failure?.issues ?? refused ?? []
    const why = task?.failure?.message ?? `${tool} may not be called like that.`
    return { kind: 'give_up', code: 'call_failed', facts, issues, why }
  }
  const names = Object.keys(situation.input)
  const args = Object.fromEntries(names.map((name) => [name, { $ref: formatPointer(['input', name]) }]))
  const id = tool.slice(tool.indexOf('.') + 1)
  const asked = { id, tool, arguments: args, after: [], why: 'It is what was asked for.' }
  return { kind: 'plan', tasks: [asked], why: 'One call was asked for.' }
}
