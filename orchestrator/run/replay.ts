import { setImmediate as othersTurn } from 'node:timers/promises'
import { digest, isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer } from '../../shared/json-pointer.ts'
import { type Draft, draft, type Event } from '../model/event.ts'
import { noLedger } from '../model/model-call.ts'
import type { RunStatus } from '../model/run.ts'
import { redactSealed } from '../model/seal.ts'
import { apply, fold, type Situation } from '../model/situation.ts'
import { isSealed } from '../model/value.ts'
import { callsToUndo, compensationResult } from './compensation.ts'
import { draftsOf } from './drafts-of.ts'
import { intendLookup, intendLookupToUndo, intendTask, intendUndo } from './intend.ts'
import type { Parts, Timed } from './parts.ts'
import { settleCall } from './settle.ts'
import { takeDecision } from './take-decision.ts'

/** What replaying needs: no journal, no gateway, no clock. Nothing is called and nothing is recorded. */
export type ReplayParts = Pick<Parts, 'reasoner' | 'catalogue' | 'policy' | 'digestArguments'>

/** Events after which others of this process, who wait for answers, have their turn. */
const atOnce = 50

/** An event that does not follow, today, from those before it. */
export interface Difference {
  seq: number
  type: Event['type']
  /** JSON pointer into the event's data → as it was recorded, and as it would be now. */
  fields: Record<string, { recorded: Json; now: Json }>
}

export interface Replay {
  events: number
  /** How many of them were derived again; the others came from outside: a goal, a reply, an answer. */
  derived: number
  /** How many decisions the reasoner was asked for again; those of a model are taken as they were recorded. */
  decided: number
  differences: Difference[]
  situation: Situation
}

/** A replay as every door tells it. */
export interface ReplayDocument extends Omit<Replay, 'situation'> {
  run_id: string
  status: RunStatus
}

/** The document of a replay; sealed values are hidden in it. */
export function replayDocument({ situation, differences, ...figures }: Replay): ReplayDocument {
  const { run_id, status } = situation
  return { run_id, status, ...figures, differences: differences.map(withoutSealed) }
}

function withoutSealed({ fields, ...difference }: Difference): Difference {
  const shown = Object.entries(fields).map(([pointer, { recorded, now }]) => [
    pointer,
    { recorded: redactSealed(recorded), now: redactSealed(now) },
  ])
  return { ...difference, fields: Object.fromEntries(shown) }
}

/**
 * Goes through a run again, event by event, and derives each that is not from outside from those before it: decisions, plans,
 * intents with their arguments and keys, settlements, undo, result. What then differs was changed since, in the code, the
 * catalogue or the policy, or in the record.
 */
export async function replay(events: readonly Event[], parts: ReplayParts): Promise<Replay> {
  const [first, ...rest] = events
  if (!first) throw new RangeError('replay: a run has at least one event')
  const situation = fold([first])
  const replayed: Replay = { events: events.length, derived: 0, decided: 0, differences: [], situation }
  for (const event of rest) {
    const now = await derive(event, situation, parts)
    if (now) {
      replayed.derived += 1
      if (event.type === 'decision_made') replayed.decided += 1
      const fields = differencesOf(event, now)
      if (Object.keys(fields).length > 0) replayed.differences.push({ seq: event.seq, type: event.type, fields })
    }
    apply(situation, event)
    if (event.seq % atOnce === 0) await othersTurn()
  }
  return replayed
}

/** The event as it would come about now, or nothing where it came from outside. */
async function derive(event: Event, situation: Situation, parts: ReplayParts): Promise<Draft | undefined> {
  const at = { ...parts, clock: { now: () => new Date(event.at) }, newId: () => '', random: () => 0 }
  switch (event.type) {
    case 'decision_made': {
      const { reasoner } = event.data
      // What a model said is kept, not asked for again; nor is what the loop itself said in a reasoner's place.
      if (reasoner !== 'planner' || isOfTheLoop(event.data.decision)) return undefined
      const { decision } = await parts.reasoner.decide(
        situation,
        parts.catalogue,
        new AbortController().signal,
        noLedger,
      )
      return draft('decision_made', { ...event.data, decision })
    }
    case 'decision_refused':
    case 'plan_accepted':
      return takeDecision(situation, at).find(({ type }) => type === event.type)
    case 'task_fanned_out':
    case 'task_refused':
      return ofTask(event.data.task_id, event, situation, at)
    case 'call_intended':
      return intentOf(event, situation, at)
    case 'call_settled': {
      const call = situation.calls.get(event.data.call_id)
      return call && settleCall(situation, call, { ...event.data, outcome: asReturned(event.data.outcome) }, at)
    }
    case 'wait_started':
      if (event.data.for === 'child') return undefined
      if (event.data.task_id !== undefined) return ofTask(event.data.task_id, event, situation, at)
      return takeDecision(situation, at).find(({ type }) => type === event.type)
    case 'compensation_started':
      return draft('compensation_started', { ...event.data, calls: callsToUndo(situation) })
    case 'compensation_finished':
      return draft('compensation_finished', compensationResult(situation))
    case 'run_finished':
      if (situation.compensation)
        return [...draftsOf({ do: 'finish_compensation' }, situation, at)].find(({ type }) => type === event.type)
      return takeDecision(situation, at).find(({ type }) => type === event.type)
    default:
      return undefined
  }
}

type Deriving = ReplayParts & Pick<Parts, 'newId' | 'random'> & Timed

function ofTask(taskId: string, event: Event, situation: Situation, parts: Deriving): Draft | undefined {
  const task = situation.tasks.get(taskId)
  if (!task) return undefined
  const started = intendTask(situation, task, parts)
  return started.type === event.type ? started : intendLookup(situation, task, parts)
}

function intentOf(
  event: Extract<Event, { type: 'call_intended' }>,
  situation: Situation,
  parts: Deriving,
): Draft | undefined {
  const { purpose, task_id, compensates, looks_up, attempt } = event.data
  const undone = compensates === undefined ? undefined : situation.calls.get(compensates)
  if (undone) return intendUndo(situation, undone, attempt, parts)[0]
  const task = situation.tasks.get(task_id)
  if (purpose !== 'lookup') return task && intendTask(situation, task, parts)
  const uncertain = looks_up === undefined ? undefined : situation.calls.get(looks_up)
  if (situation.compensation && uncertain) return intendLookupToUndo(situation, uncertain, parts)
  return task && intendLookup(situation, task, parts)
}

/** Decisions that the loop makes in a reasoner's place: it ran out of something, or was not to be asked again. */
function isOfTheLoop(decision: Extract<Event, { type: 'decision_made' }>['data']['decision']): boolean {
  const codes = ['budget_exhausted', 'reasoning_failed', 'stuck', 'reasoner_failed']
  return decision.kind === 'give_up' && codes.includes(decision.code)
}

/** A success that did not meet what its tool promises was recorded as a failure with an output. */
function asReturned(outcome: Extract<Event, { type: 'call_settled' }>['data']['outcome']) {
  if (outcome.status !== 'failed' || outcome.failure.kind !== 'unsatisfied' || outcome.output === undefined)
    return outcome
  return { status: 'succeeded' as const, output: outcome.output }
}

/** Ids and instants are new each time. */
const volatile = new Set(['call_id', 'wait_id', 'deadline', 'until', 'traceparent', 'at'])

function differencesOf(event: Event, now: Draft): Difference['fields'] {
  if (now.type !== event.type) return { '': { recorded: event.type, now: now.type } }
  const found: Difference['fields'] = {}
  const compare = (recorded: Json | undefined, derived: Json | undefined, tokens: string[]): void => {
    if (isOpen(recorded) && isOpen(derived)) {
      for (const key of new Set([...Object.keys(recorded), ...Object.keys(derived)]))
        compare(recorded[key], derived[key], [...tokens, key])
    } else if (digest(recorded ?? null) !== digest(derived ?? null))
      found[formatPointer(tokens)] = { recorded: recorded ?? null, now: derived ?? null }
  }
  compare(lasting(event.data as unknown as Json), lasting(now.data as unknown as Json), [])
  return found
}

/** An object to look into; what is sealed is one value, whatever it is made of. */
function isOpen(value: Json | undefined): value is JsonObject {
  return isJsonObject(value) && !isSealed(value)
}

/** Without what is new each time; also without members that JSON does not have. */
function lasting(value: Json): Json {
  const visit = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(visit)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, part]) =>
        volatile.has(key) || part === undefined ? [] : [[key, visit(part)]],
      ),
    )
  }
  return visit(JSON.parse(JSON.stringify(value)) as Json)
}
