import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt } from '../../shared/json-pointer.ts'
import type { CallOutcome } from '../model/call.ts'
import type { EventData } from '../model/event.ts'
import type { CallState, Situation } from '../model/situation.ts'
import { holdsSealed, isReference, isSealed, isText } from '../model/value.ts'
import { mayRepeat } from './after-call.ts'

/** The calls whose effects an undo has to take back, the last to settle first. */
export function callsToUndo(situation: Situation): string[] {
  const calls = [...situation.calls.values()].filter(
    (call) =>
      call.purpose === 'task' &&
      !call.inherited &&
      !isNotice(call, situation) &&
      pinnedContract(call, situation)?.effect !== 'read',
  )
  return [...Map.groupBy(calls, ({ idempotency_key }) => idempotency_key).values()]
    .flatMap((attempts) => oneEffectEach(attempts, situation))
    .flatMap((attempts) => effectOf(attempts, situation) ?? [])
    .sort((a, b) => (b.settlement ?? 0) - (a.settlement ?? 0))
    .map(({ call_id }) => call_id)
}

/** What told people about trouble stays told. */
function isNotice({ task_id }: CallState, situation: Situation): boolean {
  return situation.tasks.get(task_id)?.notice === true
}

/**
 * The attempts under one key, divided where a repeat could happen once more: people may ask for one that comes too late for
 * the key, or that no key protects.
 */
function oneEffectEach(attempts: readonly CallState[], situation: Situation): CallState[][] {
  const effects: CallState[][] = []
  for (const attempt of attempts) {
    const last = effects.at(-1)
    const contract = pinnedContract(attempt, situation)
    const isCovered = contract && last?.[0] && mayRepeat(contract, last[0].intended_at, new Date(attempt.intended_at))
    if (last && isCovered) last.push(attempt)
    else effects.push([attempt])
  }
  return effects
}

/**
 * Of attempts that are one effect at most: the one that knows it best. An uncertain attempt counts
 * until another attempt says what became of it, or a lookup proved that nothing had.
 */
function effectOf(attempts: readonly CallState[], situation: Situation): CallState | undefined {
  if (attempts.some(({ compensated_by }) => compensated_by !== undefined)) return undefined
  return (
    attempts.findLast((call) => leftSomething(call, situation)) ??
    attempts.findLast((call) => call.outcome?.status === 'uncertain' && !isProvedAbsent(call, situation))
  )
}

/** A failure that says what it had done left that behind; one that says nothing was provably not performed. */
function leftSomething(call: CallState, situation: Situation): boolean {
  const { outcome } = call
  if (outcome?.status !== 'failed') return outcome?.status === 'succeeded'
  return outcome.output !== undefined || (outcome.failure.done !== undefined && undoOf(call, situation).ok)
}

/** True where a lookup, made once the call could not happen any more, found nothing of it: only that opens a generation. */
export function isProvedAbsent({ idempotency_key }: CallState, situation: Situation): boolean {
  return [...situation.calls.values()].some(
    ({ looks_up, next }) =>
      looks_up !== undefined &&
      situation.calls.get(looks_up)?.idempotency_key === idempotency_key &&
      (next?.do === 'retry' || (next?.do === 'fail' && next.generation !== undefined)),
  )
}

function pinnedContract(call: CallState, situation: Situation) {
  return situation.tools[`${call.server}.${call.tool}`]
}

/** The undo of one call, or its lookup, or why there is none. */
export type Undo = { ok: true; tool: string; arguments: JsonObject } | { ok: false; why: string }

/** What undoes a call: its tool's compensation, with arguments taken from what the call was given and what it returned. */
export function undoOf(call: CallState, situation: Situation): Undo {
  const compensation = pinnedContract(call, situation)?.compensation
  if (!compensation) return { ok: false, why: 'this tool has no undo' }
  const bound = bindCall(compensation.arguments, call)
  if (bound.ok) return { ok: true, tool: `${call.server}.${compensation.tool}`, arguments: bound.arguments }
  return {
    ok: false,
    why: `the undo needs ${bound.issues.map(({ message }) => message).join(', ')}, which this call did not return`,
  }
}

/** What finds out whether a call happened, or why nothing can. */
export function lookupOf(call: CallState, situation: Situation): Undo {
  const lookup = pinnedContract(call, situation)?.lookup
  if (!lookup) return { ok: false, why: 'this tool has no lookup' }
  const tool = `${call.server}.${lookup.tool}`
  const bound = bindCall(lookup.arguments, call)
  if (!bound.ok || situation.tools[tool]?.effect !== 'read')
    return { ok: false, why: 'its lookup cannot be called with what is known' }
  return { ok: true, tool, arguments: bound.arguments }
}

/**
 * Arguments of a compensation or lookup: `/arguments/…` and `/output/…` point into the call it belongs to, also where they
 * are parts of a `$text`.
 */
export function bindCall(
  template: Record<string, Json>,
  call: Pick<CallState, 'arguments' | 'outcome'>,
): { ok: true; arguments: JsonObject } | { ok: false; issues: Issue[] } {
  const output = leftBehind(call.outcome)
  const scope: JsonObject = { arguments: call.arguments, ...(output === undefined ? {} : { output }) }
  const issues: Issue[] = []
  const visit = (node: Json, tokens: (string | number)[]): Json => {
    if (isReference(node)) {
      const value = getAt(scope, node.$ref)
      if (value === undefined) issues.push({ path: formatPointer(tokens), message: node.$ref })
      return value ?? null
    }
    if (isText(node)) {
      const parts = node.$text.map((part) => visit(part, tokens))
      if (holdsSealed(parts))
        issues.push({ path: formatPointer(tokens), message: 'a text in which nothing is sensitive' })
      return parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join('')
    }
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...tokens, index]))
    if (isJsonObject(node) && !isSealed(node))
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item, [...tokens, key])]))
    return node
  }
  const bound = Object.fromEntries(Object.entries(template).map(([key, item]) => [key, visit(item, [key])]))
  return issues.length > 0 ? { ok: false, issues } : { ok: true, arguments: bound }
}

/** What a call returned, or, where it did not succeed, what it said it had done by then. */
function leftBehind(outcome: CallOutcome | undefined): Json | undefined {
  if (!outcome) return undefined
  if (outcome.status === 'succeeded') return outcome.output
  return ('output' in outcome ? outcome.output : undefined) ?? outcome.failure.done
}

/** What an undo came to: everything taken back, something left (and why), or nothing to do. */
export function compensationResult(situation: Situation): EventData['compensation_finished'] {
  const calls = situation.compensation?.calls ?? []
  const remaining = calls.flatMap((id) => {
    const call = situation.calls.get(id)
    if (!call || call.compensated_by || isProvedAbsent(call, situation)) return []
    return [{ call_id: id, tool: `${call.server}.${call.tool}`, why: whyItRemains(call, situation) }]
  })
  if (calls.length === 0) return { status: 'none', remaining }
  return { status: remaining.length === 0 ? 'complete' : 'partial', remaining }
}

function whyItRemains(call: CallState, situation: Situation): string {
  const undo = undoOf(call, situation)
  if (!undo.ok)
    return call.outcome?.status === 'uncertain' ? `nobody can tell whether it happened, and ${undo.why}` : undo.why
  const last = [...situation.calls.values()].findLast(({ compensates }) => compensates === call.call_id)
  if (last?.outcome && last.outcome.status !== 'succeeded') return last.outcome.failure.message
  return 'the budget for compensation was used up'
}
