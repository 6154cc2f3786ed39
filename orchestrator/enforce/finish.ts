import type { Issue } from '../../shared/failure.ts'
import type { Decision } from '../model/decision.ts'
import { isWhole } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'

export type Finish = Extract<Decision, { kind: 'finish' }>

/**
 * Whether the evidence for a `finish` holds: every outcome of the goal that nobody waived is established by a call of this
 * run that settled, succeeded and was not undone, of a tool whose contract establishes that fact. A word is never evidence.
 */
export function checkFinish(finish: Finish, situation: Situation): { ok: true } | { ok: false; problems: Issue[] } {
  const problems: Issue[] = []
  for (const [index, { fact, established_by }] of finish.outcomes.entries()) {
    const fault = faultOf(fact, established_by, situation)
    if (fault !== undefined) problems.push({ path: `/outcomes/${index}/established_by`, message: fault })
  }
  if (situation.created.goal.outcomes.length === 0 && finish.outcomes.length === 0) {
    const message = 'the goal names no outcome, so something that was done has to be cited'
    problems.push({ path: '/outcomes', message })
  }
  const cited = new Set(finish.outcomes.map(({ fact }) => fact))
  for (const { fact } of situation.created.goal.outcomes) {
    if (!cited.has(fact) && !situation.waived.has(fact)) {
      problems.push({ path: '/outcomes', message: `${fact} is an outcome of the goal and no call is cited for it` })
    }
  }
  return problems.length === 0 ? { ok: true } : { ok: false, problems }
}

function faultOf(fact: string, callId: string, situation: Situation): string | undefined {
  const call = situation.calls.get(callId)
  if (!call) return `there is no call ${callId} in this run`
  const tool = `${call.server}.${call.tool}`
  if (call.purpose !== 'task') return `${callId} is a ${call.purpose}, not the call of a task`
  if (!call.outcome) return `${callId} (${tool}) has not settled`
  if (call.outcome.status !== 'succeeded')
    return `${callId} (${tool}) ${call.outcome.status === 'failed' ? 'failed' : 'is uncertain'}`
  if (!isWhole(situation, call)) return `${callId} (${tool}) did one item of a list, and the list is not done`
  if (call.compensated_by !== undefined) return `${callId} (${tool}) was undone by ${call.compensated_by}`
  const contract = situation.tools[tool]
  if (!contract?.establishes.includes(fact) || !call.establishes.includes(fact))
    return `${tool} does not establish ${fact}`
  const outcome = situation.created.goal.outcomes.find((candidate) => candidate.fact === fact)
  if (contract.effect === 'read' && outcome && !outcome.existing) {
    return `${tool} only reads, and the goal does not take a ${fact} that existed before`
  }
  return undefined
}
