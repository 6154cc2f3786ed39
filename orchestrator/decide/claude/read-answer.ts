import type { Issue } from '../../../shared/failure.ts'
import { isJsonObject, type Json } from '../../../shared/json.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import { type Decision, decisionSchema, type Task } from '../../model/decision.ts'
import { evidenceFor } from '../../model/evidence.ts'
import type { Situation } from '../../model/situation.ts'
import { type Answer, type AnsweredTask, answerSchema } from './answer.ts'
import { assembleArguments } from './assemble-arguments.ts'
import { unsoundIn } from './unsound-json.ts'

/** More faults than these help nobody to mend an answer. */
const mostIssues = 20

/** The decision that a model wrote, or every reason why it is none. Whether it may stand is for the runtime to judge. */
export function readAnswer(
  text: string,
  situation: Situation,
): { ok: true; decision: Decision } | { ok: false; issues: Issue[] } {
  const json = jsonIn(text)
  if (json === undefined)
    return refused([{ path: '', message: 'the answer is not JSON: answer with the one object {"decision": …}' }])
  const unsound = unsoundIn(json)
  if (unsound) return refused([{ ...unsound, path: asWritten(unsound.path) }])
  // Some models leave out the object around the decision.
  const wrapped = isJsonObject(json) && typeof json.kind === 'string' ? { decision: json } : json
  const parsed = answerSchema.safeParse(wrapped)
  if (!parsed.success) return refused(issuesOf(parsed.error))
  const issues: Issue[] = []
  const decision = decisionOf(parsed.data.decision, situation, issues)
  if (issues.length > 0) return refused(issues)
  const checked = decisionSchema.safeParse(decision)
  return checked.success ? { ok: true, decision: checked.data } : refused(issuesOf(checked.error))
}

function refused(issues: Issue[]): { ok: false; issues: Issue[] } {
  return { ok: false, issues: issues.slice(0, mostIssues) }
}

/** A message may repeat a name that the model made up. */
const longestMessage = 400

function issuesOf({ issues }: { issues: readonly { path: PropertyKey[]; message: string }[] }): Issue[] {
  return issues.map(({ path, message }) => ({
    path: asWritten(formatPointer(path.map(String))),
    message: message.slice(0, longestMessage).toWellFormed(),
  }))
}

/** Where a fault stands in what the model wrote: it writes the limits of a slice beside its tools, and no object around them. */
function asWritten(path: string): string {
  return path
    .slice(0, longestMessage)
    .replace(/^\/decision(?=\/|$)/, '')
    .replace(/^(\/tasks\/\d+\/slice)\/budget(?=\/|$)/, '$1')
}

/** The JSON of an answer; without structured output a model may put words or a fence around it. */
function jsonIn(text: string): Json | undefined {
  for (const candidate of [text, text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)]) {
    try {
      return JSON.parse(candidate) as Json
    } catch {
      // The next candidate may do.
    }
  }
  return undefined
}

function decisionOf(answer: Answer, situation: Situation, issues: Issue[]): object {
  switch (answer.kind) {
    case 'plan':
      return { ...answer, tasks: answer.tasks.map((task, index) => taskOf(task, `/tasks/${index}`, issues)) }
    case 'finish':
      return { ...answer, outcomes: answer.outcomes.map((outcome) => withCall(outcome, situation)) }
    case 'give_up':
      return { ...answer, code: ownCode(answer.code) }
    default:
      return answer
  }
}

function taskOf(task: AnsweredTask, path: string, issues: Issue[]): Partial<Task> {
  const { arguments: list, slice, ...rest } = task
  const args = assembleArguments(list)
  if (!args.ok) issues.push(...args.issues.map((issue) => ({ ...issue, path: `${path}/arguments${issue.path}` })))
  return {
    ...rest,
    arguments: args.ok ? args.value : {},
    ...(slice === undefined ? {} : { slice: sliceOf(slice) }),
  } as Partial<Task>
}

function sliceOf({ tools, ...budget }: NonNullable<AnsweredTask['slice']>): object {
  return { budget, ...(tools === undefined ? {} : { tools }) }
}

/** A model cites tasks, which it named itself; the record cites calls. A name that is no task stays as it is, and is refused. */
function withCall(outcome: { fact: string; established_by: string }, situation: Situation) {
  const { fact, established_by: id } = outcome
  const task = situation.tasks.get(id)
  if (!task) return outcome
  const isOfTask = (callId: string) => {
    const made = situation.tasks.get(situation.calls.get(callId)?.task_id ?? '')
    return made?.id === id || made?.item_of === id
  }
  const held = evidenceFor(situation).find((one) => one.fact === fact && isOfTask(one.established_by))
  return { fact, established_by: held?.established_by ?? task.settled_by ?? id }
}

/** The runtime's own codes mean something to people, such as that a budget ran out: a model does not speak in its name. */
function ownCode(code: string): string {
  const taken = ['budget_exhausted', 'reasoning_failed', 'reasoner_failed', 'stuck', 'plan_refused']
  return /^[a-z][a-z_]{0,39}$/.test(code) && !taken.includes(code) ? code : 'no_way'
}
