import type { Decision, Task } from '../../../orchestrator/model/decision.ts'
import { isReference, isText } from '../../../orchestrator/model/value.ts'
import { isJsonObject, type Json } from '../../../shared/json.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'

/** A decision as a model writes it. */
export function answerText(decision: Decision): string {
  return JSON.stringify({ decision: writtenForm(decision) })
}

function writtenForm(decision: Decision): object {
  if (decision.kind === 'plan') return planOf(decision)
  if (decision.kind !== 'give_up') return decision
  // A model says why; issues and notices are the runtime's.
  const { issues: _, notice: __, ...answer } = decision
  return answer
}

function planOf({ tasks, confidence = 0.95, ...plan }: Extract<Decision, { kind: 'plan' }>): object {
  return { ...plan, confidence, tasks: tasks.map(taskOf) }
}

function taskOf({ arguments: args, slice, notice: _, ...task }: Task): object {
  return {
    ...task,
    arguments: entriesOf(args, []),
    ...(slice === undefined ? {} : { slice: { ...slice.budget, ...(slice.tools ? { tools: slice.tools } : {}) } }),
  }
}

function entriesOf(value: Json, tokens: (string | number)[]): object[] {
  const at = formatPointer(tokens)
  if (isReference(value)) return [{ at, ref: value.$ref }]
  if (isText(value))
    return [{ at, text: value.$text.map((part) => (typeof part === 'string' ? part : { ref: part.$ref })) }]
  const isNested = isJsonObject(value) || Array.isArray(value)
  const parts = isNested ? Object.entries(value) : []
  if (parts.length > 0) return parts.flatMap(([key, part]) => entriesOf(part as Json, [...tokens, key]))
  return tokens.length === 0 ? [] : [isNested ? { at, json: JSON.stringify(value) } : { at, value }]
}
