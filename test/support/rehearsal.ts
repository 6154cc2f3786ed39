import { randomUUID } from 'node:crypto'
import { defaultPolicy } from '../../orchestrator/enforce/fixtures/policies.ts'
import type { CallOutcome, CallRequest, Provenance } from '../../orchestrator/model/call.ts'
import { type Catalogue, catalogueOf } from '../../orchestrator/model/catalogue.ts'
import type { Decision } from '../../orchestrator/model/decision.ts'
import type { EgressRecord } from '../../orchestrator/model/egress.ts'
import { type Draft, draft, type Event } from '../../orchestrator/model/event.ts'
import { type Goal, goalSchema } from '../../orchestrator/model/goal.ts'
import { fold, type Situation } from '../../orchestrator/model/situation.ts'
import { type AdvanceOptions, advance } from '../../orchestrator/run/advance.ts'
import type { Parts, RunJournal } from '../../orchestrator/run/parts.ts'
import { digest, type JsonObject } from '../../shared/json.ts'
import { type ToolManifest, toolManifestSchema } from '../../shared/manifest.ts'

/** The one run that is rehearsed. */
export const runId = '11111111-1111-7111-8111-111111111111'

/** A tool for rehearsals: `billing.create_customer`, a create that can be repeated, unless said otherwise. */
export function tool(name: string, definition: Partial<ToolManifest> = {}): ToolManifest {
  return toolManifestSchema.parse({
    name,
    title: name,
    description: name,
    input: { type: 'object', properties: {}, additionalProperties: true },
    output: { type: 'object', properties: {}, additionalProperties: true },
    effect: 'create',
    idempotency: 'natural',
    marks: { input: {}, output: {} },
    fingerprint: `sha256:${name}`,
    ...definition,
  })
}

/** A catalogue of servers for rehearsals. */
export function catalogue(servers: Record<string, ToolManifest[]>): Catalogue {
  return catalogueOf({
    version: 1,
    servers: Object.entries(servers).map(([name, tools]) => ({
      name,
      title: name,
      version: '1.0.0',
      description: name,
      command: ['node'],
      endpoints: {},
      credentials: {},
      settings: {},
      faults: {},
      egress: [],
      tools,
    })),
  })
}

/** A goal whose outcomes are these facts. */
export function goal(outcomes: Record<string, 'undo' | 'wait' | 'accept'>, more: Partial<Goal> = {}): Goal {
  return goalSchema.parse({
    goal: 'rehearsal',
    title: 'Rehearsal',
    input: { type: 'object' },
    outcomes: Object.entries(outcomes).map(([fact, on_failure]) => ({ fact, on_failure })),
    ...more,
  })
}

/** A journal in memory with the fence of the real one: who does not hold the head cannot append. */
export class MemoryJournal implements RunJournal {
  readonly events: Event[] = []
  readonly appends: Draft[][] = []
  private readonly now: () => Date

  constructor(now: () => Date) {
    this.now = now
  }

  async read(): Promise<Event[]> {
    return structuredClone(this.events)
  }

  async append(run_id: string, drafts: Draft[]): Promise<Event[]> {
    // Durable only later, as on a disk: who does not wait for it is found out.
    await new Promise((resolve) => setTimeout(resolve, 1))
    const events = structuredClone(drafts).map((each, index) => ({
      ...each,
      run_id,
      seq: this.events.length + 1 + index,
      v: 1,
      at: this.now().toISOString(),
      prev_hash: '',
      hash: '',
      tenant: 'default',
    }))
    this.events.push(...events)
    this.appends.push(drafts)
    return events
  }
}

/** How the rehearsed world answers one tool: the outcome of each call in turn, the last one for ever. */
export type Script = Record<string, CallOutcome[] | ((request: CallRequest, nth: number) => CallOutcome)>

/** A success with an output. */
export const ok = (output: JsonObject = {}): CallOutcome => ({ status: 'succeeded', output })

export interface Rehearsal {
  situation: Situation
  journal: MemoryJournal
  /** Every call that reached the gateway, in order. */
  requests: CallRequest[]
  /** The most calls that were under way at the same time. */
  mostAtOnce: number
}

export interface RehearsalOptions {
  catalogue: Catalogue
  goal: Goal
  input?: JsonObject
  input_provenance?: Provenance
  script?: Script
  /** Tool → what each of its calls does on the network, or is refused. */
  egress?: Record<string, EgressRecord[]>
  /** What the reasoner decides, given the situation and how often it was asked. */
  decide?(situation: Situation, nth: number): Decision
  /** What decides instead. */
  reasoner?: Parts['reasoner']
  /** Called before each call with its request; may cancel the run. */
  beforeCall?(request: CallRequest, cancel: (reason: { by: string }) => void): void
  journal?: MemoryJournal
  /** Stops the pursuit where it is. */
  stop?: AbortSignal
  policy?: Parts['policy']
  children?: Parts['children']
  /** How else the run is pursued. */
  pursuit?: Partial<AdvanceOptions>
}

/** Pursues a run in memory, with a clock that jumps to the next instant that anything waits for. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  let now = Date.parse('2026-01-01T00:00:00.000Z')
  let asked = 0
  let atOnce = 0
  const clock = {
    now: () => new Date(now),
    async sleepUntil(instant: Date, signal: AbortSignal) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (!signal.aborted) now = Math.max(now, instant.getTime())
    },
  }
  const journal = options.journal ?? new MemoryJournal(clock.now)
  const requests: CallRequest[] = []
  const cancel = new AbortController()
  const rehearsal = { journal, requests, mostAtOnce: 0 }
  const seen = new Map<string, number>()
  const scripted: Parts['reasoner'] = {
    name: 'scripted',
    digest: 'sha256:scripted',
    async decide(situation) {
      asked += 1
      const usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
      if (!options.decide) throw new TypeError('rehearse: say what decides')
      return { decision: options.decide(situation, asked), usage }
    },
  }
  const parts: Parts = {
    journal,
    gateway: {
      async call(request) {
        options.beforeCall?.(request, (reason) => cancel.abort(reason))
        requests.push(request)
        atOnce += 1
        rehearsal.mostAtOnce = Math.max(rehearsal.mostAtOnce, atOnce)
        await new Promise((resolve) => setTimeout(resolve, 1))
        atOnce -= 1
        const id = `${request.server}.${request.tool}`
        const nth = seen.get(id) ?? 0
        seen.set(id, nth + 1)
        const script = options.script?.[id] ?? [ok()]
        const outcome = typeof script === 'function' ? script(request, nth) : (script[nth] ?? script.at(-1) ?? ok())
        const at = clock.now().toISOString()
        return { outcome, era: '2026-07-28', started_at: at, settled_at: at, egress: options.egress?.[id] ?? [] }
      },
    },
    reasoner: options.reasoner ?? scripted,
    catalogue: options.catalogue,
    policy: options.policy ?? defaultPolicy,
    clock,
    random: () => 0.5,
    newId: () => randomUUID(),
    digestArguments: digest,
    ...(options.children ? { children: options.children } : {}),
  }
  if (journal.events.length === 0) {
    await journal.append(runId, [
      draft('run_created', {
        goal: options.goal,
        input: options.input ?? {},
        ...(options.input_provenance ? { input_provenance: options.input_provenance } : {}),
        mode: 'emulated',
        reasoner: (options.reasoner ?? scripted).name,
        digests: { goal: '', catalogue: options.catalogue.digest, policy: '', reasoner: '' },
      }),
    ])
  }
  const situation = await advance(runId, parts, {
    signal: options.stop ?? new AbortController().signal,
    cancel: cancel.signal,
    ...options.pursuit,
  })
  // What the loop holds in memory must be what the record leads to.
  const folded = fold(journal.events)
  if (digest(folded.status) !== digest(situation.status)) throw new Error('the fold and the loop disagree')
  return { ...rehearsal, situation: folded }
}
