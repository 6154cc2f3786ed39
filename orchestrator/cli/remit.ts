import type { Writable } from 'node:stream'
import type { Issue } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import type { Policy } from '../enforce/policy/policy.ts'
import type { Progress } from '../model/call.ts'
import type { KnownKey, NewKey as NewTenantKey } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Task } from '../model/decision.ts'
import type { Event, Mode } from '../model/event.ts'
import type { Goal } from '../model/goal.ts'
import type { OpenApproval, RunSummary } from '../model/listed.ts'
import type { ListedLogin } from '../model/login.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { Situation } from '../model/situation.ts'
import type { ToldServer } from '../model/told-server.ts'
import type { ToolReview } from '../model/tool-review.ts'
import type { Replay } from '../run/replay.ts'
import type { Trial } from '../run/try-policy.ts'
import type { Taken } from '../triggers/take-delivery.ts'
import type { Trigger } from '../triggers/trigger.ts'
import type { Entry } from './connect/entry.ts'
import type { Machine } from './connect/host-paths.ts'
import type { ContentQuestion, JoinProposal, ServerWish } from './servers/server-wish.ts'

/** What the service that runs here is asked. */
export interface ServiceRequest {
  /** With the query. */
  path: string
  method: string
  body?: Json
}

export interface ServiceAnswer {
  status: number
  /** JSON, or a text that is none. */
  body: Json
}

/** What the composition root knows before anything is started. */
export interface Workplace {
  /** The project's root. */
  root: string
  /** REMIT_HOME. */
  home: string
  mode: Mode
  /** Servers that run in no sandbox, because their manifest or the configuration says so. */
  unconfined: readonly string[]
  /** Servers at which each principal has to log in. */
  personal: readonly string[]
  catalogue: Catalogue
  /** What decides where nobody says: Claude where there is a key for it. */
  reasoner: ReasonerChoice
  /** The names and titles of the shipped and configured goals. */
  goals(): { name: string; title: string; file: string }[]
  /** The goal of that name. Throws {@link InputError} when there is none, naming those that there are. */
  goal(name: string): Goal
  /** Where the operator's rules are, whether or not the file is there. */
  policyFile: string
  /** The rules in force, or those of another file. Throws {@link InputError} with the line of every fault. */
  policy(file?: string): Policy
  /** What starts runs from outside. Throws {@link InputError} with the line of every fault. */
  triggers(): Trigger[]
  /** The input that a payload would lead to, or why there is none. Throws {@link InputError} when there is no such trigger. */
  tryTrigger(name: string, payload: Json): { input: JsonObject } | Exclude<Taken, { run_id: string }>
  /**
   * A goal in free text, with the facts that must hold at its end. Throws {@link InputError} for a fact that no tool
   * establishes.
   */
  freeTextGoal(text: string, outcomes: readonly string[], input: JsonObject): Goal
  /** The input with defaults applied. Throws {@link InputError} with every fault by its path. */
  checkInput(goal: Goal, input: unknown): JsonObject
  /** Throws {@link InputError} with what can be known to be wrong before anything is started: faults that nobody knows, slots that nothing fills. */
  check(options: OpenOptions): Promise<void>
  /**
   * What a person has to agree to before servers, or the one of that name, may be started; undefined in emulated mode, and
   * once somebody has agreed.
   */
  goingLive(server?: string): Promise<GoingLive | undefined>
  /** Starts (or joins) Postgres and opens the record; `servers: true` also starts emulators and capability servers. */
  open(options: OpenOptions): Promise<Remit>
  /** Serves one capability server, or `remit` itself, to the host at stdin and stdout, until that goes away or it is closed. Throws {@link InputError} where there is no such server. */
  serve(server: string, options: Pick<OpenOptions, 'signal'> & { tell(line: string): void }): Promise<HostSession>
  /**
   * Starts a server, and asks `accept` about each tool that it tells otherwise than it was reviewed; what is accepted is
   * recorded, and counts from now on until the manifest changes. Throws {@link InputError} where there is no such server.
   */
  reviewTools(
    server: string,
    options: Pick<OpenOptions, 'signal'> & { accept(review: ToolReview): Promise<boolean> },
  ): Promise<ToolReview>
  /**
   * Connects to a stranger's server in its jail, and asks `accept` about what it would be taken for; once accepted it is
   * recorded and in `servers.json`. Throws {@link InputError} where it cannot join.
   */
  joinServer(
    wish: ServerWish,
    options: Opening & { accept(proposal: JoinProposal): Promise<boolean> },
  ): Promise<JoinProposal>
  /** Takes a stranger's server out again. Throws {@link InputError} where there is none of that name. */
  dropServer(name: string): Promise<void>
  /** Installs the packages that strangers' servers were pinned with, where they are not there; returns their names. */
  installServers(names: readonly string[], options: Pick<OpenOptions, 'signal'>): Promise<string[]>
  /** Starts a server and asks it for all that it tells of itself, and for one thing of it. */
  tellServer(name: string, options: Opening & { ask?: ContentQuestion }): Promise<{ told: ToldServer; content?: Json }>
  /** How a host starts a server through this project, or reaches Remit itself. Throws {@link InputError} where there is no such server. */
  entryOf(server: string): Entry
  /** The machine that hosts run on. */
  machine: Omit<Machine, 'project'>
  /** Starts every server, and says how each is. */
  checkServers(options: Pick<OpenOptions, 'signal' | 'onStarting' | 'onStarted'>): Promise<ServerStatus[]>
  /**
   * Who is logged in at servers elsewhere, of the local user's tenant; undefined where the record does not run, for nothing is
   * started. Rejects where it does not answer.
   */
  lookAtLogins(): Promise<ListedLogin[] | undefined>
  /** Facts for `doctor`: each with what was found, and what to do where it is not as it should be. */
  diagnose(): Promise<Finding[]>
  /** Starts further worker processes, each again when it dies, until closed. */
  startWorkers(count: number, options: { runs: number; json: boolean }): WorkerProcesses
  /** Brings the record's roles and tables up to date; names what was applied, and what the record has now. */
  migrate(): Promise<{ applied: string[]; current: string }>
  /** Writes all that runs need to go on to a file. Runs may be under way meanwhile. Throws the signal's reason. */
  backUp(file: string, signal: AbortSignal): Promise<Backup>
  /** Makes a backup this home. Throws {@link InputError} where the home holds something, unless it is to be replaced. */
  restore(file: string, options: { replace: boolean; signal: AbortSignal }): Promise<Restored>
  /** Asks the service that runs here, with the local key. Throws {@link InputError} where there is none. */
  request(asked: ServiceRequest): Promise<ServiceAnswer>
  /** Stops every process that belongs to this home, whoever started it; with `unused` only where no command uses it. Returns their names. */
  stopEverything(options?: { unused?: boolean }): Promise<string[]>
}

type Opening = Pick<OpenOptions, 'signal' | 'onStarting' | 'onStarted'>

/** A capability server that a host is connected to. */
export interface HostSession {
  /** Where its calls are recorded, or why they are not. */
  recorded: { home: string } | { why: string }
  /** Resolves when the host has gone. */
  ended: Promise<void>
  /** Lets calls in flight settle for a moment, and ends all that was started. */
  close(): Promise<void>
}

/** Worker processes beside this one. */
export interface WorkerProcesses {
  /** Stops those that are closing at once: calls under way are left to whoever takes their runs up. */
  stop(): void
  /** Lets calls in flight settle, and waits until each has ended. */
  close(): Promise<void>
}

/** What is in a backup. `databases` are those of an external Postgres, which it does not hold. */
export interface Backup {
  made_at: string
  databases?: string[]
}

export interface Restored extends Backup {
  /** Where the home that was there before lies now. */
  replaced?: string
}

export interface OpenOptions {
  /** True where calls will be made; false for looking only. */
  servers: boolean
  /** What decides for the runs that are created here; the planner where it is left out. */
  reasoner?: ReasonerChoice
  /** A file to which every exchange with a model is written, or one that answers in a model's place. */
  cassette?: { record: string } | { replay: string }
  /** Named faults of the emulators: `billing` → `down`. Refused in live mode. */
  faults?: Record<string, string>
  /** Aborted when opening is to end early; what was started is stopped, and `open` throws the signal's reason. */
  signal?: AbortSignal
  /** Told as things start: "Postgres", "emulators", "servers". */
  onStarting?(what: string): void
  /** Told under the same name once it is up. */
  onStarted?(what: string): void
}

/** What live mode reaches, by server. Nothing in it is a secret. */
export interface GoingLive {
  /** Where the record is kept. */
  record: string
  servers: {
    name: string
    title: string
    /** Where it goes. */
    endpoints: string[]
    /** As whom: where each credential comes from. */
    accounts: string[]
    settings: string[]
  }[]
  /** Remembers the agreement, for exactly these endpoints, credentials and settings. */
  agree(): void
}

export interface Finding {
  what: string
  ok: boolean
  found: string
  advice?: string
  /** What was tried, in rows, on what, in columns. */
  matrix?: { columns: string[]; rows: { what: string; cells: string[] }[] }
}

export type ReasonerChoice = 'planner' | 'claude'

/** Remit at work: the record, and with servers the means to pursue runs. Close it whatever happens. */
export interface Remit {
  /** Which servers stand on an emulator, by server name → vendor. */
  emulated: ReadonlyMap<string, string>
  /** Records a new run. With `detach` any worker may pursue it at once; else it is left to this process for a while. */
  createRun(goal: Goal, input: JsonObject, options?: { detach?: boolean }): Promise<string>
  /** Pursues the run, or follows whoever pursues it, until it ends or waits. */
  pursue(runId: string, watch: Watch): Promise<Situation>
  /** A new run of the same goal, which starts with what stood in a run after its event `seq`. */
  fork(runId: string, seq: number): Promise<string>
  /** Derives a run again from its record; calls nothing and records nothing. */
  replay(runId: string): Promise<Replay>
  /** What another policy says of every call that a run's plan has made or was not let make; records nothing. */
  tryPolicy(runId: string, policy: Policy): Promise<Trial[]>
  /** Pursues whatever runs are due, up to `most` at once, until it is closed. */
  work(options: Work): Worker
  /** Serves HTTP from this process, until that is closed. Throws {@link InputError} where it cannot listen. */
  serveHttp(options: { onTrouble(error: unknown): void }): Promise<Serving>
  /** Serves Remit's own MCP server over stdin and `out`, until the host goes away or it is closed. */
  serveMcp(options: {
    out: Writable
    onDefect(what: string, error: unknown): void
  }): Promise<Pick<HostSession, 'ended' | 'close'>>
  /** Logins of principals at servers elsewhere; the tenant is the local user's unless said. */
  logins: Logins
  /** Lets `remit stop` end this process: it then gets the request to terminate. Returns what takes that back. */
  enlist(): Promise<() => Promise<void>>
  /** Who may use Remit over HTTP; the tenant is the local user's unless said. */
  keys: Keys
  /** What a plan for the goal would be; nothing is recorded and nothing is called. */
  planOnly(goal: Goal, input: JsonObject): Promise<PlanOnly>
  /**
   * Records an answer to what the run asks. `change` goes with the choice of that name: a JSON Merge Patch of the run's
   * input. Throws {@link InputError} where the run does not offer the choice, or the input would not be valid.
   */
  answer(runId: string, choice: string, options?: { why?: string; change?: JsonObject }): Promise<void>
  /** The approvals that are asked for and not decided, the oldest first. */
  approvals(): Promise<OpenApproval[]>
  /** Approves or denies one, known by the start of its id; returns its run, which then has to be pursued. */
  decideApproval(idPrefix: string, choice: 'approve' | 'deny', why?: string): Promise<string>
  /** Records that the run is to end; whoever pursues it undoes it. */
  cancel(runId: string, why?: string): Promise<void>
  /** Throws {@link InputError} when no run, or more than one, has an id that begins so. */
  findRun(idPrefix: string): Promise<string>
  situation(runId: string): Promise<Situation>
  events(runId: string): Promise<Event[]>
  runs(options: { limit: number; status?: string }): Promise<RunSummary[]>
  /** Every run that was created since, the newest first. */
  runsSince(since: Date): AsyncIterable<RunSummary>
  /** Puts a message into a queue; returns its id. */
  enqueue(queue: string, message: { payload: Json; id?: string }): Promise<string>
  /** Messages that can never become a run. */
  refusedMessages(): Promise<{ queue: string; message_id: string; refused: string; enqueued_at: string }[]>
  sql(statement: string): Promise<{ columns: string[]; rows: Json[][]; truncated: boolean }>
  verify(runId?: string): Promise<Verification>
  /** The lines of a document that proves itself: events, signed heads and key; see `record/export-format.ts`. */
  exportRun(runId: string): AsyncIterable<string>
  /** Where `psql` connects: the record itself (read-only role), or a tenant's workspace by slug, database or id. */
  psqlUrl(workspace?: string): Promise<{ url: string; what: string }>
  close(): Promise<void>
}

export interface Watch {
  onEvent?(event: Event, situation: Situation): void
  onProgress?(callId: string, progress: Progress): void
  /** Aborted by the first Ctrl-C, with `{ by, why }` as its reason. */
  cancel: AbortSignal
  /** Aborted by the second Ctrl-C. */
  signal: AbortSignal
}

/** Whose login: the local user's unless said. */
export interface LoginOf {
  principal?: string
  tenant?: string
}

export interface Logins {
  /**
   * Logs a principal in at a server with a browser. Throws {@link InputError} where the server wants no logins. Whatever keeps
   * anybody from being logged in is an error that says so.
   */
  logIn(server: string, options: LogIn): Promise<Omit<ListedLogin, 'renewable'>>
  /** Undefined where there was no login; else whether its issuer took the tokens back, or why not. */
  logOut(server: string, of: LoginOf): Promise<{ revoked: boolean; why?: string } | undefined>
  list(tenant?: string): Promise<ListedLogin[]>
}

export interface LogIn extends LoginOf {
  /** Asked for beside what the server needs. */
  scopes: readonly string[]
  patienceMs: number
  signal: AbortSignal
  /** Told what the person is asked to agree to, and the URL to open. */
  offer(offer: { issuer: string; resource: string; scopes: readonly string[]; url: string }): void
  /** The URL that the browser was sent back to, where the person brings it; undefined where nobody can. `wrong` is of the one before. */
  pasted(signal: AbortSignal, wrong?: string): Promise<string | undefined>
}

export interface Keys {
  /** Makes a key; its text is returned here and never again. */
  create(key: NewKey): Promise<{ key_id: string; text: string }>
  /** The newest first. */
  list(tenant?: string): Promise<KnownKey[]>
  /** Throws {@link InputError} where there is no such key that was not revoked already. */
  revoke(keyId: string, tenant?: string): Promise<void>
}

/** A key that is to be made; of the local user's tenant, and by them, unless said. */
export type NewKey = Omit<NewTenantKey, 'tenant' | 'created_by'> & Partial<Pick<NewTenantKey, 'tenant'>>

/** HTTP, as it is served. */
export interface Serving {
  url: string
  /** Where the key of this machine's user is. */
  keyFile?: string
  /** Instead: the key in this file was revoked. */
  revokedKeyFile?: string
  /** To be told of what the workers of this process do. */
  onEvent(event: Event): void
  /** Ends streams, and lets requests be answered for up to `graceMs`. */
  close(graceMs: number): Promise<void>
}

export interface Work {
  most: number
  watch(runId: string): Pick<Watch, 'onEvent'>
  /** Told what kept a run, or all of them, from going on; the worker tries again. */
  onTrouble(error: unknown, runId?: string): void
}

export interface Worker {
  stop(): void
  /** Lets calls in flight settle, up to `graceMs`, then lets every run go. */
  close(graceMs: number): Promise<void>
}

export type PlanOnly =
  | { ok: true; tasks: Task[]; why: string }
  | { ok: false; code: string; issues: Issue[]; why: string }

export interface Verification {
  runs: number
  events: number
  /** How many heads were checked against a signature. */
  signed_heads: number
  problems: { run_id: string; seq: number | null; what: string }[]
}

/** What the person at the terminal got wrong: exit code 2, and nothing was touched. */
export class InputError extends Error {
  readonly issues: Issue[]
  constructor(message: string, issues: Issue[] = []) {
    super(message)
    this.name = 'InputError'
    this.issues = issues
  }
}

/** Ctrl-C ended the command before it did its work: exit code 4. */
export class InterruptedError extends Error {
  /** `meanwhile`: what else went wrong while the command was ending. */
  constructor(meanwhile?: unknown) {
    const also = meanwhile instanceof Error ? ` (meanwhile: ${meanwhile.message})` : ''
    super(`Interrupted${also}`, { cause: meanwhile })
    this.name = 'InterruptedError'
  }
}
