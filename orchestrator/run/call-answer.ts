import type { Failure, Issue } from '../../shared/failure.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Situation } from '../model/situation.ts'

/** What a host gets to hear of its call. `approval_id`: the call waits for this approval. */
export interface CallAnswer {
  outcome: CallOutcome
  /** Absent where no run came about. */
  run_id?: string
  call_id?: string
  approval_id?: string
}

/** What came of a run that is one call: how the call ended, what refused it, or what it waits for. */
export function callAnswer(situation: Situation): CallAnswer {
  const { run_id, waits, finished } = situation
  const [task] = situation.tasks.values()
  const call = task?.calls.flatMap((id) => situation.calls.get(id) ?? []).findLast(({ purpose }) => purpose === 'task')
  const asked = { run_id, ...(call && { call_id: call.call_id }) }
  const [wait] = waits.values()
  if (wait?.approval) {
    const message = `${wait.approval.tool} waits for approval: ${wait.approval.verdict.reason}`
    return {
      ...asked,
      approval_id: wait.wait_id,
      outcome: { status: 'failed', failure: { kind: 'approval_required', message } },
    }
  }
  if (task?.status === 'succeeded' && task.output !== undefined)
    return { ...asked, outcome: { status: 'succeeded', output: task.output } }
  if (task?.failure) {
    const status = call?.outcome?.status === 'uncertain' ? 'uncertain' : 'failed'
    return { ...asked, outcome: { status, failure: task.failure } }
  }
  if (call?.outcome && call.outcome.status !== 'succeeded') return { ...asked, outcome: call.outcome }
  const problems = situation.decisions.findLast((decision) => decision.problems !== undefined)?.problems
  if (problems) return { ...asked, outcome: { status: 'failed', failure: refusal(problems, situation) } }
  const message = finished?.error?.message ?? 'The call was let go before it was over; its run is taken up again'
  return { ...asked, outcome: { status: finished ? 'failed' : 'uncertain', failure: { kind: 'unavailable', message } } }
}

/** The plan was refused: for arguments that do not fit, told by where they stand in the call, or for what the tool is. */
function refusal(problems: readonly Issue[], { created }: Situation): Failure {
  const tool = created.goal.call ?? created.goal.goal
  const isOfArguments = ({ path }: Issue) => path.startsWith(argumentsPath)
  if (problems.every(isOfArguments)) {
    const issues = problems.map(({ path, message }) => ({ path: path.slice(argumentsPath.length), message }))
    return { kind: 'invalid_input', message: `The arguments do not fit ${tool}`, issues }
  }
  const why = problems.filter((problem) => !isOfArguments(problem)).map(({ message }) => message)
  return { kind: 'denied', message: why.join('; ') }
}

const argumentsPath = '/tasks/0/arguments'
