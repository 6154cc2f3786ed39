import type { Json, JsonObject } from '../../shared/json.ts'
import type { Caller, KnownKey, NewKey } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decider } from '../model/decider.ts'
import type { Mode } from '../model/event.ts'
import type { Goal } from '../model/goal.ts'
import type { KnownReasoner } from '../model/known-reasoner.ts'
import type { OpenApproval, RunSummary, ShownEvent } from '../model/listed.ts'
import type { Owner } from '../model/run.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { Situation } from '../model/situation.ts'

/** What the routes work with. Whatever belongs to a tenant is asked for by it, and another tenant's is not there. */
export interface Service {
  mode: Mode
  /** Sub-goals included. */
  catalogue: Catalogue
  goals: readonly Goal[]
  reasoners: readonly KnownReasoner[]
  /** Records a run for whichever worker is free; under an idempotency key, the run that was recorded for it first. */
  createRun(owner: Owner, run: NewRun): Promise<string>
  listRuns(tenant: string, filter: RunFilter): Promise<{ runs: RunSummary[]; next?: string }>
  findRun(tenant: string, runId: string): Promise<RunSummary | undefined>
  /** Of a run that {@link findRun} found. */
  situation(tenant: string, runId: string): Promise<Situation>
  readEvents(tenant: string, runId: string, page: { after: number; limit: number }): Promise<ShownEvent[]>
  /** Calls back with each run that has grown, in any process; without one, any may have. Ends with the service. */
  onGrowth(listener: (runId?: string, seq?: number) => void): void
  cancel(owner: Owner, runId: string, why: string | undefined): Promise<void>
  /** A new run of the situation's goal, which starts with what stood there. */
  fork(owner: Owner, situation: Situation): Promise<string>
  /** The situation of a run after one of its events. Undefined where it has fewer. */
  situationAt(tenant: string, runId: string, seq: number): Promise<Situation | undefined>
  /** Throws a `NotEntitledError` where the caller's own runs may not do or spend as much as the run could then. */
  answer(
    caller: Owner & Pick<Caller, 'ceiling'>,
    runId: string,
    choice: string,
    given: { why?: string; change?: JsonObject },
  ): Promise<void>
  openApprovals(tenant: string): Promise<OpenApproval[]>
  decideApproval(
    decider: Decider,
    approval: Pick<OpenApproval, 'run_id' | 'approval_id'>,
    choice: 'approve' | 'deny',
    why: string | undefined,
  ): Promise<void>
  /** Of a run that {@link findRun} found: what is not as it was written. */
  verify(runId: string): Promise<{ events: number; signed_heads: number; problems: { seq: number; what: string }[] }>
  /** Of a run that {@link findRun} found: the lines of a document that proves itself. */
  exportRun(runId: string): AsyncIterable<string>
  /** Who may use Remit over the network, by tenant. */
  keys: {
    /** Makes a key; its text is returned here and never again. */
    create(key: NewKey): Promise<{ key_id: string; text: string }>
    /** The newest first. */
    list(tenant: string): Promise<KnownKey[]>
    /** False where the tenant has no such key that was not revoked already. */
    revoke(tenant: string, keyId: string): Promise<boolean>
  }
  servers(): ServerStatus[]
  /** How many runs are due and nobody holds them. Rejects while Postgres is away. */
  countDue(): Promise<number>
}

export interface NewRun {
  goal: Goal
  input: JsonObject
  /** Who decides: one of those that are known. */
  reasoner: string
  /** What the caller asked for, word for word, under this key. */
  idempotency?: { key: string; asked: Json }
}

export interface RunFilter {
  limit: number
  cursor?: string
  status?: string
  goal?: string
  principal?: string
  from?: string
  to?: string
}

/** Who a key or a token stands for; undefined where it stands for nobody. */
export type Authenticate = (credential: string) => Promise<Caller | undefined>
