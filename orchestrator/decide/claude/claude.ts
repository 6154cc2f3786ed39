import type { Issue } from '../../../shared/failure.ts'
import { digest } from '../../../shared/json.ts'
import type { Catalogue } from '../../model/catalogue.ts'
import { type Decided, type Decision, noUsage } from '../../model/decision.ts'
import type { ModelLedger } from '../../model/model-call.ts'
import { refusalsInARow } from '../../model/refusals.ts'
import type { Situation } from '../../model/situation.ts'
import { noticeOf } from '../planner/planner.ts'
import type { Reasoner } from '../reasoner.ts'
import { answerJsonSchema } from './answer.ts'
import { type AskingOptions, ModelAsking } from './ask-model.ts'
import { rules } from './prompt/rules.ts'

export interface ClaudeOptions extends AskingOptions {
  /** By name; where the first cannot decide, the next is asked. */
  models: readonly [string, ...string[]]
  /** Decides where no model can, as long as the goal has outcomes to plan for. */
  planner: Reasoner
}

/** How often each model is asked: once, and once more with what was wrong. */
const triesPerModel = 2

/**
 * Decides by a model. What may not stand goes back to it once, with every reason; then the next model is asked, then the
 * planner, and then there is no decision but to give up, which is a person's to look at.
 */
export function claude(options: ClaudeOptions): Reasoner {
  const { models, planner } = options
  const asking = new ModelAsking(options)
  const tries = models.flatMap((model) => Array.from({ length: triesPerModel }, () => model))
  return {
    name: 'claude',
    digest: digest({ reasoner: 'claude', version: 1, models, rules, schema: answerJsonSchema }),
    readsOutputs: true,
    costs: true,
    // The planner, too, has two tries.
    mostRefusals: tries.length + 2,
    async decide(situation, catalogue, signal, ledger): Promise<Decided> {
      let issues: readonly Issue[] | undefined
      let trouble = 'its decisions may not stand'
      let place = refusalsInARow(situation)
      while (place < tries.length) {
        const model = tries[place] ?? models[0]
        const answer = await asking.ask({ model, situation, catalogue, signal, ledger, issues })
        if (answer.what === 'decided')
          return { decision: withNotice(answer.decision, situation, catalogue), usage: noUsage }
        if (answer.what === 'unaffordable') return { decision: outOfBudget(situation, answer.why), usage: noUsage }
        if (answer.what === 'unusable') {
          issues = answer.issues
          trouble = `its answer was no decision (${issues[0]?.message ?? ''})`
          place += 1
        } else {
          trouble = answer.why
          place += triesPerModel - (place % triesPerModel)
        }
      }
      return withoutModel(situation, catalogue, { planner, signal, ledger, trouble })
    },
  }
}

interface Instead {
  planner: Reasoner
  signal: AbortSignal
  ledger: ModelLedger
  trouble: string
}

async function withoutModel(situation: Situation, catalogue: Catalogue, instead: Instead): Promise<Decided> {
  const { planner, signal, ledger, trouble } = instead
  if (situation.created.goal.outcomes.length > 0) {
    const { decision, usage } = await planner.decide(situation, catalogue, signal, ledger)
    return { decision: { ...decision, why: `${decision.why} No model decided: ${trouble}.` }, usage, by: planner.name }
  }
  const why = `No model decided, and without outcomes there is nothing that could be planned for: ${trouble}`
  return { decision: { kind: 'give_up', code: 'reasoning_failed', facts: [], issues: [], why }, usage: noUsage }
}

function outOfBudget({ created }: Situation, why: string): Decision {
  const facts = created.goal.outcomes.map(({ fact }) => fact)
  return { kind: 'give_up', code: 'budget_exhausted', facts, issues: [], why }
}

/** Whom to tell of trouble is the goal's to say, and how is planned without a model. */
function withNotice(decision: Decision, situation: Situation, catalogue: Catalogue): Decision {
  if (decision.kind !== 'give_up') return decision
  const notice = noticeOf(situation, catalogue, decision.why)
  return notice.length === 0 ? decision : { ...decision, notice }
}
