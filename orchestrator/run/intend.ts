import { hash } from 'node:crypto'
import type { Failure } from '../../shared/failure.ts'
import type { JsonObject } from '../../shared/json.ts'
import { approvalDigest } from '../enforce/approval.ts'
import { checkArguments } from '../enforce/arguments.ts'
import { mayReserve } from '../enforce/budget.ts'
import { judge } from '../enforce/policy/judge.ts'
import { reservationOf } from '../enforce/reservation.ts'
import type { CallPurpose, Provenance, Verdict } from '../model/call.ts'
import type { ToolContract } from '../model/catalogue.ts'
import { type Draft, draft, type EventData, type Reservation } from '../model/event.ts'
import type { FanOut } from '../model/goal.ts'
import { resolve } from '../model/reference.ts'
import type { CallState, Situation, TaskState } from '../model/situation.ts'
import { mayRepeat } from './after-call.ts'
import { bindCall, isProvedAbsent, undoOf } from './compensation.ts'
import { contractFor } from './contract-for.ts'
import type { Parts, Timed } from './parts.ts'
import { proposal } from './proposal.ts'
import { scopeOf } from './scope.ts'

/** What intending needs of the run's parts. */
export type Intending = Pick<Parts, 'catalogue' | 'policy' | 'newId' | 'digestArguments'> & Timed

/** The next attempt at a task: the intent of a call, what the task has to wait for first, or its refusal. */
export function intendTask(situation: Situation, task: TaskState, parts: Intending): Draft {
  if (task.delay_s !== undefined && !task.delayed) return startDelay(task, task.delay_s, parts)
  if (task.for_each) return fanOut(situation, task, task.for_each, parts)
  const contract = contractFor(situation, task.tool, parts)
  const locked = task.notice ? undefined : lockedOut(situation, task)
  if (locked) return refuse(task, {}, {}, parts, locked)
  const resolution = resolve(task.arguments, scopeOf(situation))
  if (!resolution.ok) {
    return refuse(task, {}, {}, parts, {
      kind: 'invalid_input',
      message: `The arguments of ${task.tool} do not resolve`,
      issues: resolution.issues,
    })
  }
  const { value: args, provenance } = resolution
  const tool = parts.catalogue.tools.get(task.tool)
  if (!contract || !tool) {
    return refuse(task, args, provenance, parts, { kind: 'denied', message: `${task.tool} is not a reviewed tool` })
  }
  const issues = checkArguments(tool, args)
  if (issues.length > 0) {
    return refuse(task, args, provenance, parts, {
      kind: 'invalid_input',
      message: `The arguments do not fit ${task.tool}`,
      issues,
    })
  }
  const reservation = reservationOf(task, contract)
  const reserved = mayReserve(situation, 'task', reservation)
  if (reserved !== true) return refuse(task, args, provenance, parts, reserved)
  const keyOf = (generation: number) => hashOf(situation.run_id, task.id, String(generation))
  const doubtful = callsOf(situation, task.id, 'task').filter(
    (call) => call.idempotency_key === keyed(keyOf(task.generation)),
  )
  const isBlind =
    doubtful.some(mayHaveHappened) && !mayRepeat(contract, doubtful[0]?.intended_at ?? '', parts.clock.now())
  if (isBlind) {
    if (contract.lookup) return intendLookup(situation, task, parts)
    // Who was asked and wants another try has taken it upon themselves.
    if (task.attempts > 0)
      return refuse(task, args, provenance, parts, {
        kind: 'unavailable',
        message: `Nobody can tell whether ${task.tool} happened, and a repeat could happen twice`,
      })
  }
  // A repeat that no key protects may be an effect of its own, so it has a key of its own.
  const generation = isBlind ? task.generation + 1 : task.generation
  const key = keyOf(generation)
  const verdict = judge(
    proposal(situation, { tool: contract, arguments: args, provenance, purpose: 'task', task }, parts.catalogue),
    parts.policy,
  )
  if (verdict.verdict === 'deny')
    return refuse(task, args, provenance, parts, { kind: 'denied', message: verdict.reason }, verdict)
  const call = {
    tool: task.tool,
    // What would be called now: an approval of the tool as it was before an upgrade is none.
    fingerprint: tool.fingerprint,
    arguments: args,
    arguments_digest: parts.digestArguments(args),
  }
  let approval_id: string | undefined
  if (verdict.verdict === 'hold') {
    const digest = approvalDigest({ ...call, run_id: situation.run_id, task_id: task.id })
    const asked = { ...call, verdict, digest }
    approval_id = approvalOf(situation, task, asked, key)
    if (approval_id === undefined) return askApproval(task, asked, parts)
  }
  return intent(situation, parts, {
    contract,
    purpose: 'task',
    task_id: task.id,
    args,
    provenance,
    verdict,
    attempt: task.attempts + 1,
    generation,
    key,
    digest: call.arguments_digest,
    reservation,
    ...(approval_id === undefined ? {} : { approval_id }),
  })
}

/** A server that refused our credentials is left alone until a person says that it may be tried again. */
function lockedOut({ tasks }: Situation, { tool }: TaskState): Failure | undefined {
  const server = tool.slice(0, tool.indexOf('.'))
  for (const other of tasks.values()) {
    if (other.failure?.kind !== 'unauthorized' || other.notice || !other.tool.startsWith(`${server}.`)) continue
    const message = `${server} refused our credentials for ${other.tool}, so it is not asked again`
    return { kind: 'unauthorized', message }
  }
  return undefined
}

function startDelay({ id, tool }: TaskState, seconds: number, { clock, newId }: Intending): Draft {
  return draft('wait_started', {
    wait_id: newId(),
    for: 'timer',
    question: `${tool} starts in ${seconds} s`,
    choices: [{ choice: 'start', title: `start ${tool} now` }],
    facts: [],
    task_id: id,
    until: new Date(clock.now().getTime() + seconds * 1_000).toISOString(),
    otherwise: 'start',
  })
}

/** The task becomes one task for each item of its list, or is refused where there is no such list. */
function fanOut(situation: Situation, task: TaskState, { ref, max }: FanOut, parts: Intending): Draft {
  const resolution = resolve({ list: { $ref: ref } }, scopeOf(situation))
  const list = resolution.ok ? resolution.value.list : undefined
  const fault = !resolution.ok
    ? (resolution.issues[0]?.message ?? '')
    : !Array.isArray(list)
      ? `${ref} is no list`
      : list.length > max
        ? `${ref} has ${list.length} items; at most ${max} may run`
        : undefined
  if (Array.isArray(list) && fault === undefined)
    return draft('task_fanned_out', { task_id: task.id, items: list.length })
  return refuse(task, {}, {}, parts, {
    kind: 'invalid_input',
    message: `${task.tool} has no list to be called for`,
    issues: [{ path: '/for_each/ref', message: fault ?? '' }],
  })
}

type Asked = NonNullable<EventData['wait_started']['approval']>

/** How long a person has for an approval; after that it counts as denied. */
const approvalMs = 24 * 60 * 60 * 1_000

/** The approval that covers this very call: given and unused, or used by an attempt under the same key or one that never happened. */
function approvalOf(situation: Situation, task: TaskState, asked: Asked, key: string): string | undefined {
  const { run_id } = situation
  const bound = (given: Pick<Asked, 'fingerprint' | 'arguments_digest'>) =>
    approvalDigest({ ...given, run_id, task_id: task.id, tool: task.tool })
  const wanted = bound(asked)
  if (task.approval && bound(task.approval) === wanted) return task.approval.wait_id
  const earlier = callsOf(situation, task.id, 'task').findLast(
    (call) => bound(call) === wanted && (call.idempotency_key === keyed(key) || isProvedAbsent(call, situation)),
  )
  return earlier?.approval_id
}

function askApproval(task: TaskState, approval: Asked, { clock, newId }: Intending): Draft {
  return draft('wait_started', {
    wait_id: newId(),
    for: 'approval',
    question: `May ${task.tool} be called? ${approval.verdict.reason}`,
    choices: [
      { choice: 'approve', title: `let ${task.tool} be called once with exactly these arguments` },
      { choice: 'deny', title: 'do not call it' },
    ],
    facts: [],
    task_id: task.id,
    until: new Date(clock.now().getTime() + approvalMs).toISOString(),
    approval,
  })
}

/** The call that finds out what became of a task's call that may have happened, or the refusal of the task where it may not be made. */
export function intendLookup(situation: Situation, task: TaskState, parts: Intending): Draft {
  return lookUp(situation, task, callsOf(situation, task.id, 'task').findLast(mayHaveHappened), parts)
}

/** The call that finds out, before it is undone, whether a call happened and what it made. */
export function intendLookupToUndo(situation: Situation, call: CallState, parts: Intending): Draft {
  const task = situation.tasks.get(call.task_id)
  if (!task) throw new RangeError(`call ${call.call_id} belongs to no task`)
  return lookUp(situation, task, call, parts)
}

function lookUp(situation: Situation, task: TaskState, uncertain: CallState | undefined, parts: Intending): Draft {
  const lookup = uncertain && contractFor(situation, task.tool, parts)?.lookup
  const contract = lookup && contractFor(situation, `${uncertain.server}.${lookup.tool}`, parts)
  const bound = lookup && bindCall(lookup.arguments, uncertain)
  if (!uncertain || !contract || !bound?.ok) {
    return refuse(task, {}, {}, parts, {
      kind: 'internal',
      message: `Nobody can tell whether ${task.tool} happened: its lookup cannot be called with what is known`,
    })
  }
  const tries = [...situation.calls.values()].filter(({ looks_up }) => looks_up === uncertain.call_id)
  // An undo asks afresh, however often the task has asked before.
  const sinceUndo = tries.filter(({ seq }) => seq > (situation.compensation?.seq ?? 0))
  const provenance = inherited(bound.arguments, uncertain)
  const reserved = mayReserve(situation, 'lookup')
  if (reserved !== true) return refuse(task, bound.arguments, provenance, parts, reserved)
  const verdict = judge(
    proposal(
      situation,
      { tool: contract, arguments: bound.arguments, provenance, purpose: 'lookup', task },
      parts.catalogue,
    ),
    parts.policy,
  )
  if (verdict.verdict === 'deny') {
    const failure = { kind: 'denied' as const, message: verdict.reason }
    return refuse(task, bound.arguments, provenance, parts, failure, verdict)
  }
  return intent(situation, parts, {
    contract,
    purpose: 'lookup',
    task_id: task.id,
    args: bound.arguments,
    provenance,
    verdict,
    attempt: sinceUndo.length + 1,
    generation: task.generation,
    key: hashOf(situation.run_id, 'lookup', uncertain.call_id, String(tries.length)),
    looks_up: uncertain.call_id,
  })
}

/** The undo of a call. One that policy denies is recorded as a call that failed before it started. */
export function intendUndo(situation: Situation, call: CallState, attempt: number, parts: Intending): Draft[] {
  const undo = undoOf(call, situation)
  const contract = undo.ok ? contractFor(situation, undo.tool, parts) : undefined
  if (!undo.ok || !contract) throw new RangeError(`call ${call.call_id} has no undo`)
  const provenance = inherited(undo.arguments, call)
  const undone = contractFor(situation, `${call.server}.${call.tool}`, parts)
  const verdict = judge(
    proposal(
      situation,
      {
        tool: contract,
        arguments: undo.arguments,
        provenance,
        purpose: 'compensation',
        task: { id: call.task_id, tool: undo.tool },
        undoes: undone?.effect,
      },
      parts.catalogue,
    ),
    parts.policy,
  )
  const intended = intent(situation, parts, {
    contract,
    purpose: 'compensation',
    task_id: call.task_id,
    args: undo.arguments,
    provenance,
    verdict,
    attempt,
    generation: 0,
    key: hashOf(situation.run_id, 'undo', call.call_id),
    compensates: call.call_id,
  })
  if (verdict.verdict === 'allow') return [intended]
  const at = parts.clock.now().toISOString()
  return [
    intended,
    draft('call_settled', {
      call_id: intended.data.call_id,
      outcome: { status: 'failed', failure: { kind: 'denied', message: verdict.reason } },
      establishes: [],
      next: { do: 'fail' },
      started_at: at,
      settled_at: at,
      egress: [],
    }),
  ]
}

interface Intended {
  contract: ToolContract
  purpose: CallPurpose
  task_id: string
  args: JsonObject
  provenance: Provenance
  verdict: Verdict
  attempt: number
  generation: number
  key: string
  /** Of the arguments, where it is known already. */
  digest?: string
  compensates?: string
  looks_up?: string
  approval_id?: string
  reservation?: Reservation
}

function intent(situation: Situation, parts: Intending, intended: Intended): Extract<Draft, { type: 'call_intended' }> {
  const { contract, args, key, digest, reservation = { tool_calls: 1 }, ...rest } = intended
  const callId = parts.newId()
  return draft('call_intended', {
    ...rest,
    call_id: callId,
    server: contract.server,
    tool: contract.name,
    fingerprint: parts.catalogue.tools.get(contract.id)?.fingerprint ?? contract.fingerprint,
    arguments: args,
    arguments_digest: digest ?? parts.digestArguments(args),
    idempotency_key: keyed(key),
    deadline: new Date(parts.clock.now().getTime() + contract.timeout_ms).toISOString(),
    reservation,
    traceparent: traceparent(situation.run_id, callId),
  })
}

function refuse(
  task: TaskState,
  args: JsonObject,
  provenance: Provenance,
  parts: Intending,
  failure: Failure,
  verdict: Verdict = { verdict: 'deny', rule: failure.kind, reason: failure.message },
): Draft {
  return draft('task_refused', {
    task_id: task.id,
    tool: task.tool,
    verdict,
    failure,
    arguments_digest: parts.digestArguments(args),
    provenance,
  })
}

function callsOf({ calls, tasks }: Situation, taskId: string, purpose: CallPurpose): CallState[] {
  const made = tasks.get(taskId)?.calls ?? []
  return made.flatMap((id) => calls.get(id) ?? []).filter((call) => call.purpose === purpose)
}

/** An uncertain call, and one that failed and says that it left something behind. */
function mayHaveHappened({ outcome }: CallState): boolean {
  if (outcome?.status !== 'failed') return outcome?.status === 'uncertain'
  return outcome.output !== undefined || outcome.failure.done !== undefined
}

/** Lookups and undos carry values of the call they belong to: all of them come from that tool's own exchange. */
function inherited(args: JsonObject, call: CallState): Provenance {
  return Object.fromEntries(Object.keys(args).map((key) => [`/${key}`, [`tool:${call.server}.${call.tool}` as const]]))
}

function keyed(key: string): string {
  return `remit_${key}`
}

function hashOf(...parts: string[]): string {
  return hash('sha256', parts.join('\n'), 'hex').slice(0, 40)
}

/** W3C trace context: one trace a run, one span a call. */
function traceparent(runId: string, callId: string): string {
  const span = hash('sha256', callId, 'hex').slice(0, 16)
  return `00-${runId.replaceAll('-', '')}-${span}-01`
}
