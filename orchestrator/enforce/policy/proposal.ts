import type { JsonObject } from '../../../shared/json.ts'
import type { Effect } from '../../../shared/manifest.ts'
import type { CallPurpose, Provenance } from '../../model/call.ts'
import type { ToolContract } from '../../model/catalogue.ts'
import type { Mode } from '../../model/event.ts'
import type { Owner } from '../../model/run.ts'

/** One call about to be made. */
export interface Proposal {
  /** Undefined where the reviewed manifest does not know the tool. */
  tool: ToolContract | undefined
  /** The scopes that the tool needs at its vendor. */
  scopes: readonly string[]
  arguments: JsonObject
  provenance: Provenance
  purpose: CallPurpose
  /** The decision behind it was made after untrusted output had entered the reasoner. */
  tainted: boolean
  /** The task that the call is for. */
  task: { id: string; tool: string }
  /** Of a compensation: the effect of the tool whose call it takes back. */
  undoes?: Effect | undefined
  run: Owner & { goal: string; mode: Mode }
  /** What it may cost at most, where that is known: what a sub-goal sets aside. */
  cost_usd?: number | undefined
}
