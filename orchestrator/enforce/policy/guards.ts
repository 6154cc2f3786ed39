import type { Verdict } from '../../model/call.ts'
import type { Proposal } from './proposal.ts'

/** What holds whatever a policy says: each guard by name, in the words that people read. */
export const guards = {
  'unknown-tools-never': 'A tool that is not in the reviewed manifest is never called.',
  'lookups-only-read': 'A lookup finds out what happened; it changes nothing.',
  'deletes-only-as-compensation': 'A delete is made only to undo what a call of the same run made.',
} as const

export type GuardName = keyof typeof guards

/**
 * The verdict of the guards, or nothing where the rules of the policy are to judge. Lookups and undos follow from a call that
 * the rules let happen, so that a rule can neither hide what became of it nor keep it from being taken back.
 */
export function guard({ tool, purpose, task, undoes }: Proposal): Verdict | undefined {
  if (!tool) return verdict('deny', 'unknown-tools-never', `${task.tool} is not in the reviewed manifest`)
  if (purpose === 'lookup') {
    return tool.effect === 'read'
      ? verdict('allow', 'lookups-only-read', `${tool.id} only reads`)
      : verdict('deny', 'lookups-only-read', `${tool.id} is a ${tool.effect}, so it cannot look up what ${task.id} did`)
  }
  if (purpose === 'compensation') {
    return tool.effect === 'delete' && undoes !== 'create'
      ? verdict('deny', 'deletes-only-as-compensation', `${tool.id} is a delete, and ${task.id} created nothing`)
      : verdict('allow', 'deletes-only-as-compensation', `${tool.id} undoes what ${task.id} did in this run`)
  }
  if (tool.effect === 'delete')
    return verdict('deny', 'deletes-only-as-compensation', `${tool.id} is a delete, and ${task.id} undoes nothing`)
  return undefined
}

function verdict(answer: Verdict['verdict'], rule: GuardName, reason: string): Verdict {
  return { verdict: answer, rule, reason }
}
