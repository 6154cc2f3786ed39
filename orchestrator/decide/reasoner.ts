import type { Catalogue } from '../model/catalogue.ts'
import type { Decided } from '../model/decision.ts'
import type { ModelLedger } from '../model/model-call.ts'
import type { Situation } from '../model/situation.ts'

/** What decides. Untrusted: it returns a decision, which the runtime checks, and does nothing else. */
export interface Reasoner {
  name: string
  /** Changes whenever the same situation could be decided differently. */
  digest: string
  /** True where it sees what tools returned: what it decides afterwards is tainted. */
  readsOutputs?: boolean
  /** True where it costs model calls, tokens and money: then the budget limits it. */
  costs?: boolean
  /** How often in a row its decisions may be refused before it is not asked any more; 2 where it does not say. */
  mostRefusals?: number
  /** Every call of a model goes through the ledger: recorded and paid for before it is made. */
  decide(situation: Situation, catalogue: Catalogue, signal: AbortSignal, ledger: ModelLedger): Promise<Decided>
}
