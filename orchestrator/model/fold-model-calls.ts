import { addUsage } from './decision.ts'
import type { EventData } from './event.ts'
import type { Situation } from './situation.ts'

/** Sets aside what a call of a model may cost. Of one that never settles nobody knows the cost, so all of it stays taken. */
export function askModel(
  { modelCalls, reserved }: Situation,
  { model_call_id, reservation }: EventData['model_asked'],
): void {
  modelCalls.set(model_call_id, reservation)
  reserved.model_calls += reservation.model_calls
  reserved.tokens += reservation.tokens
  reserved.cost_usd += reservation.cost_usd
}

/** Takes what the call did cost in the place of what was set aside for it. */
export function settleModel(
  { modelCalls, reserved, usage }: Situation,
  { model_call_id, usage: cost }: EventData['model_answered'],
): void {
  const reservation = modelCalls.get(model_call_id)
  if (!reservation) return
  modelCalls.delete(model_call_id)
  reserved.model_calls -= reservation.model_calls
  reserved.tokens -= reservation.tokens
  reserved.cost_usd -= reservation.cost_usd
  addUsage(usage, cost)
}
