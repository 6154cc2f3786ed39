import { remaining } from '../enforce/budget.ts'
import { seesOutputs } from '../enforce/taint.ts'
import { type Decided, type Decision, noUsage } from '../model/decision.ts'
import { type Draft, draft } from '../model/event.ts'
import { isFromOutside } from '../model/input-provenance.ts'
import { refusalsInARow } from '../model/refusals.ts'
import type { Situation } from '../model/situation.ts'
import type { RunLedger } from './model-ledger.ts'
import { isOutOfTime } from './next-step.ts'
import type { Parts, RunReasoner } from './parts.ts'
import { unmetFacts } from './unmet-facts.ts'

/** How often in a row the runtime refuses a reasoner's decisions before it stops asking. */
const mostRefusals = 2

/** Asks the reasoner; one that throws has given up. */
export async function askReasoner(
  situation: Situation,
  parts: Parts,
  ledger: RunLedger,
  signal: AbortSignal,
): Promise<Draft> {
  const reasoner = reasonerOf(situation, parts)
  const started = parts.clock.now().getTime()
  const tainted =
    isFromOutside(situation.input_provenance) || (reasoner.readsOutputs === true && seesOutputs(situation))
  const { decision, usage, by = reasoner.name } = await ask(reasoner, situation, parts, ledger, signal)
  const { asked } = ledger
  return draft('decision_made', {
    decision,
    reasoner: by,
    tainted,
    usage: asked.length > 0 ? ledger.usage : usage,
    duration_ms: parts.clock.now().getTime() - started,
    ...(asked.length > 0 ? { model_calls: [...asked] } : {}),
  })
}

/** The reasoner that the run was created for. */
function reasonerOf({ created }: Situation, { reasonerNamed, reasoner }: Parts): RunReasoner {
  return reasonerNamed ? reasonerNamed(created.reasoner) : reasoner
}

async function ask(
  reasoner: RunReasoner,
  situation: Situation,
  { catalogue, clock }: Parts,
  ledger: RunLedger,
  signal: AbortSignal,
): Promise<Decided> {
  const { name } = reasoner
  const giveUp = (code: string, why: string): Decided => ({ decision: givenUp(situation, code, why), usage: noUsage })
  if (isOutOfTime(situation, clock.now()))
    return giveUp('budget_exhausted', `The run's time of ${situation.budget.wall_clock_s} s is over`)
  const most = reasoner.mostRefusals ?? mostRefusals
  if (refusalsInARow(situation) >= most)
    return giveUp('reasoning_failed', `${name} made ${most} decisions in a row that may not stand`)
  const spent = spentOnReasoning(situation)
  if (spent !== undefined && reasoner.costs) return giveUp('budget_exhausted', spent)
  if (isStuck(situation)) return giveUp('stuck', `${name} decided, and nothing came of it`)
  try {
    return await reasoner.decide(situation, catalogue, signal, ledger)
  } catch (error) {
    return giveUp('reasoner_failed', `${name} failed: ${error instanceof Error ? error.message : error}`)
  }
}

function givenUp(situation: Situation, code: string, why: string): Decision {
  return { kind: 'give_up', code, facts: unmetFacts(situation), issues: [], why }
}

/** Which limit keeps a reasoner that costs something from being asked again. */
function spentOnReasoning(situation: Situation): string | undefined {
  const left = remaining(situation)
  const limit = (['model_calls', 'tokens', 'cost_usd'] as const).find((name) => left[name] <= 0)
  return limit && `The budget of ${situation.budget[limit]} ${limit} is used up`
}

/** True where the last decision was accepted and not one event came of it. To have looked for tools is something. */
function isStuck(situation: Situation): boolean {
  const last = situation.decisions.at(-1)
  return (
    last !== undefined &&
    last.problems === undefined &&
    last.seq === situation.seq &&
    last.decision.kind !== 'find_tools'
  )
}
