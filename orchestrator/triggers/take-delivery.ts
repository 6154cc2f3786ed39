import type { Issue } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { Provenance } from '../model/call.ts'
import type { Goal } from '../model/goal.ts'
import { provenanceFrom } from '../model/input-provenance.ts'
import type { Owner } from '../model/run.ts'
import { isMeant, mapPayload } from './map-payload.ts'
import { principalOf, type Trigger } from './trigger.ts'

/** What was delivered to a trigger: by a webhook, a queue, or the clock. */
export interface Delivered {
  /** The same again is the same delivery. */
  id: string
  payload: Json
  /** Of a schedule: the instant that it is for. */
  due_at?: Date
}

/** What taking a delivery stands on. */
export interface Intake {
  goalNamed(name: string): Goal | undefined
  /** The input with defaults applied, or every fault by its path. */
  checkInput(goal: Goal, input: Json): { ok: true; input: JsonObject } | { ok: false; issues: Issue[] }
  /** Keeps a delivery and the run that it is to get, unless it is known: then the run is that of the first. */
  claim(delivery: {
    trigger: string
    delivery_id: string
    run_id: string
    due_at?: Date
  }): Promise<{ run_id: string; isFirst: boolean }>
  /** Records a run for whichever worker is free, unless one of that id is there. */
  createRun(
    goal: Goal,
    input: JsonObject,
    options: { owner: Owner; reasoner: string; run_id: string; input_provenance: Provenance },
  ): Promise<unknown>
  /** A uuidv7. */
  newRunId(): string
}

/** What came of a delivery: a run that is recorded, nothing since it is not meant, or nothing since it cannot be used. */
export type Taken = { run_id: string; isFirst: boolean } | { ignored: true } | { refused: string; issues: Issue[] }

/** The input that a delivery leads to; records nothing. */
export function inputFor(
  trigger: Trigger,
  { id, payload }: Delivered,
  { goalNamed, checkInput }: Pick<Intake, 'goalNamed' | 'checkInput'>,
): { goal: Goal; input: JsonObject } | Exclude<Taken, { run_id: string }> {
  const delivered = { payload, delivery_id: id }
  const goal = goalNamed(trigger.goal)
  if (!goal)
    return { refused: `The trigger ${trigger.trigger} is for the goal ${trigger.goal}, which is not there`, issues: [] }
  try {
    if (!isMeant(trigger, delivered)) return { ignored: true }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { refused: `The trigger ${trigger.trigger} cannot tell whether it is meant: ${message}`, issues: [] }
  }
  const mapped = mapPayload(trigger, delivered)
  const checked = mapped.ok ? checkInput(goal, mapped.input) : mapped
  if (checked.ok) return { goal, input: checked.input }
  return { refused: `The payload makes no input of ${trigger.goal}`, issues: checked.issues }
}

/** Makes a delivery a run, once: resolves when the run is recorded, by whoever got it first. */
export async function takeDelivery(trigger: Trigger, delivered: Delivered, intake: Intake): Promise<Taken> {
  const found = inputFor(trigger, delivered, intake)
  if (!('input' in found)) return found
  const { run_id, isFirst } = await intake.claim({
    trigger: trigger.trigger,
    delivery_id: delivered.id,
    run_id: intake.newRunId(),
    ...(delivered.due_at ? { due_at: delivered.due_at } : {}),
  })
  // Also where somebody else was first: they may have got no further than this.
  await intake.createRun(found.goal, found.input, {
    owner: { tenant: trigger.tenant, principal: principalOf(trigger) },
    reasoner: trigger.reasoner,
    run_id,
    input_provenance: provenanceFrom(found.input, `trigger:${trigger.trigger}`),
  })
  return { run_id, isFirst }
}
