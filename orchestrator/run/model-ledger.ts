import { mayReserve } from '../enforce/budget.ts'
import { addUsage, noUsage, type Usage } from '../model/decision.ts'
import { type Draft, draft } from '../model/event.ts'
import type { ModelLedger } from '../model/model-call.ts'
import type { Situation } from '../model/situation.ts'

/** What the calls of a model made for one decision were, and cost in all. */
export interface RunLedger extends ModelLedger {
  readonly asked: readonly string[]
  readonly usage: Usage
  /** Why one of them could not be recorded: then no decision rests on it. */
  readonly fault: { error: unknown } | undefined
}

export interface LedgerParts {
  situation(): Situation
  newId(): string
  /** Makes an event durable. Throws where the decision that is being made counts for nothing any more. */
  record(draft: Draft): Promise<void>
}

/** A model is asked only once that is recorded and paid for, as a tool is called only then. */
export function openLedger({ situation, newId, record }: LedgerParts): RunLedger {
  const asked: string[] = []
  const usage: Usage = { ...noUsage }
  let fault: RunLedger['fault']
  const keep = async (event: Draft) => {
    try {
      await record(event)
    } catch (error) {
      fault = { error }
      throw error
    }
  }
  return {
    asked,
    usage,
    get fault() {
      return fault
    },
    async ask(question) {
      const reserved = mayReserve(situation(), 'task', { tool_calls: 0, ...question.reservation })
      if (reserved !== true) return { refused: reserved }
      const id = newId()
      await keep(draft('model_asked', { model_call_id: id, ...question }))
      asked.push(id)
      return { id }
    },
    async settle(id, result) {
      addUsage(usage, result.usage)
      await keep(draft('model_answered', { model_call_id: id, ...result }))
    },
  }
}
