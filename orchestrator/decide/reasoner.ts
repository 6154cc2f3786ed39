import type { Catalogue } from '../model/catalogue.ts'
import type { Decided } from '../model/decision.ts'
import type { Situation } from '../model/situation.ts'

/** What decides. Untrusted: it returns a decision, which the runtime checks, and does nothing else. */
export interface Reasoner {
  name: string
  /** Changes whenever the same situation could be decided differently. */
  digest: string
  decide(situation: Situation, catalogue: Catalogue, signal: AbortSignal): Promise<Decided>
}
