import { randomUUID } from 'node:crypto'
import { defaultPolicy } from '../../orchestrator/enforce/fixtures/policies.ts'
import { freeTextGoal } from '../../orchestrator/goals/free-text-goal.ts'
import type { CallOutcome, CallRequest } from '../../orchestrator/model/call.ts'
import type { Catalogue } from '../../orchestrator/model/catalogue.ts'
import type { Decision } from '../../orchestrator/model/decision.ts'
import { type Draft, draft, type Event } from '../../orchestrator/model/event.ts'
import type { Goal } from '../../orchestrator/model/goal.ts'
import { fold, type Situation } from '../../orchestrator/model/situation.ts'
import { type Answer, answer, type Desk, requestCancel } from '../../orchestrator/run/answer.ts'
import { type NewChild, openChildren } from '../../orchestrator/run/children.ts'
import { OvertakenError, type Parts, type RunJournal } from '../../orchestrator/run/parts.ts'
import { type HeldRun, type PursueOptions, Pursuits } from '../../orchestrator/run/pursuits.ts'
import { Wakes } from '../../orchestrator/run/wakes.ts'
import { digest, type JsonObject } from '../../shared/json.ts'
import { ok, type Script } from './rehearsal.ts'

/** Many runs in memory, with sub-goals, leases and answers from outside: a whole process, and others beside it. */
export interface RehearsedRuns {
  /** Records a run that nobody pursues yet. */
  create(goal: Goal, input?: JsonObject): Promise<string>
  /** Pursues a run until it rests, as one process among others would. */
  pursue(runId: string, options?: Partial<PursueOptions>): Promise<Situation | undefined>
  /** Takes a run up once as a worker does, which leaves long pauses to whoever takes it up when they are over. */
  work(runId: string): Promise<Situation>
  answer(runId: string, given: Omit<Answer, 'by'>): Promise<void>
  cancel(runId: string): Promise<void>
  situation(runId: string): Situation
  /** The ids of the runs that are a part of one, in the order in which they were created. */
  childrenOf(runId: string): string[]
  events(runId: string): readonly Event[]
  /** Every call that reached a server, in order. */
  readonly requests: CallRequest[]
  /** The instant that everything goes by. */
  now(): Date
  advanceTo(instant: string): void
  /** Gives the lease of a run to another process. */
  steal(runId: string): void
  /** Lets the lease of a run end: whoever asks for it next has it. */
  lose(runId: string): void
}

export interface RehearsedRunsOptions {
  catalogue: Catalogue
  goals?: readonly Goal[]
  script?: Script
  decide(situation: Situation): Decision
  /** True where it reads what tools return. */
  readsOutputs?: boolean
  /** Called before each call: what it returns is waited for. */
  beforeCall?(request: CallRequest): Promise<void> | void
}

/** A world of runs in memory. Its clock jumps to the next instant that anything waits for. */
export function rehearseRuns(options: RehearsedRunsOptions): RehearsedRuns {
  let time = Date.parse('2026-01-01T00:00:00.000Z')
  const clock = {
    now: () => new Date(time),
    async sleepUntil(instant: Date, signal: AbortSignal) {
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (!signal.aborted) time = Math.max(time, instant.getTime())
    },
  }
  const runs = new Map<string, Event[]>()
  const held = new Map<string, AbortController>()
  const stolen = new Set<string>()
  const seen = new Map<string, number>()
  const requests: CallRequest[] = []

  const create = async (run_id: string, goal: Goal, input: JsonObject, child?: NewChild) => {
    const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
    const created = {
      goal,
      input,
      mode: 'emulated' as const,
      reasoner: 'scripted',
      digests,
      ...(child ? { parent: child.parent, input_provenance: child.input_provenance } : {}),
    }
    runs.set(run_id, placed(run_id, 0, [draft('run_created', created)], clock.now()))
  }
  const journal = (): RunJournal => {
    const heads = new Map<string, number>()
    return {
      async read(runId) {
        const events = runs.get(runId) ?? []
        heads.set(runId, events.length)
        return structuredClone(events)
      },
      async append(runId, drafts) {
        // Durable only later, as on a disk.
        await new Promise((resolve) => setTimeout(resolve, 1))
        const events = runs.get(runId) ?? []
        if (heads.get(runId) !== events.length) throw new OvertakenError(`${runId} has grown`)
        const added = placed(runId, events.length, structuredClone(drafts), clock.now())
        events.push(...added)
        heads.set(runId, events.length)
        return added
      },
    }
  }
  const desk: Desk = { journal: journal(), clock }
  const wakes = new Wakes()
  const wake = async (runId: string) => wakes.tell(runId)
  const partsOf = (watch: Pick<Parts, 'onEvent'>): Parts => ({
    journal: journal(),
    gateway: {
      async call(request) {
        await options.beforeCall?.(request)
        requests.push(request)
        await new Promise((resolve) => setTimeout(resolve, 1))
        const id = `${request.server}.${request.tool}`
        const nth = seen.get(id) ?? 0
        seen.set(id, nth + 1)
        const script = options.script?.[id] ?? [ok()]
        const outcome: CallOutcome =
          typeof script === 'function' ? script(request, nth) : (script[nth] ?? script.at(-1) ?? ok())
        const at = clock.now().toISOString()
        return { outcome, era: '2026-07-28', started_at: at, settled_at: at, egress: [] }
      },
    },
    reasoner: {
      name: 'scripted',
      digest: 'sha256:scripted',
      costs: true,
      ...(options.readsOutputs === undefined ? {} : { readsOutputs: options.readsOutputs }),
      async decide(situation) {
        const usage = { model_calls: 1, input_tokens: 10, output_tokens: 1, cost_usd: 0.01 }
        return { decision: options.decide(situation), usage }
      },
    },
    children: openChildren({
      goalNamed: (name) => options.goals?.find(({ goal }) => goal === name),
      goalInWords: freeTextGoal,
      async start(child) {
        if (!runs.has(child.run_id)) await create(child.run_id, child.goal, child.input, child)
      },
      pursue: (runId, given) => pursuits.untilItRests(runId, { ...given, ...watch }),
      desk: { journal: journal(), clock },
      wake,
    }),
    catalogue: options.catalogue,
    policy: defaultPolicy,
    clock,
    random: () => 0.5,
    newId: randomUUID,
    digestArguments: digest,
    ...watch,
  })
  const take = async (run_id: string): Promise<HeldRun | { heldBy: string }> => {
    if (held.has(run_id) || stolen.has(run_id)) return { heldBy: 'another pursuit' }
    const lost = new AbortController()
    held.set(run_id, lost)
    return {
      run_id,
      lost: lost.signal,
      confirm: async () => !stolen.has(run_id),
      release: async () => void held.delete(run_id),
    }
  }
  const pursuits = new Pursuits({
    take,
    wake,
    read: async (runId, after) => structuredClone(runs.get(runId)?.slice(after) ?? []),
    forget: () => {},
    cancel: async (runId) => requestCancel(runId, { by: 'somebody' }, desk),
    partsOf,
    wakes,
  })
  return {
    async create(goal, input = {}) {
      const id = randomUUID()
      await create(id, goal, input)
      return id
    },
    pursue: (runId, given = {}) => pursuits.untilItRests(runId, { signal: new AbortController().signal, ...given }),
    async work(runId) {
      const taken = await take(runId)
      if ('heldBy' in taken) throw new TypeError(`work: ${runId} is held by ${taken.heldBy}`)
      return pursuits.pursue(taken, { signal: new AbortController().signal, longestPauseMs: 10 })
    },
    async answer(runId, given) {
      await answer(runId, { by: 'a person', ...given }, desk)
      await wake(runId)
    },
    async cancel(runId) {
      await requestCancel(runId, { by: 'a person' }, desk)
      await wake(runId)
    },
    situation: (runId) => fold(runs.get(runId) ?? []),
    childrenOf: (runId) =>
      [...runs].flatMap(([id, [first]]) =>
        first?.type === 'run_created' && first.data.parent?.run_id === runId ? [id] : [],
      ),
    events: (runId) => runs.get(runId) ?? [],
    requests,
    now: clock.now,
    advanceTo(instant) {
      time = Math.max(time, Date.parse(instant))
    },
    steal: (runId) => void stolen.add(runId),
    lose: (runId) => held.get(runId)?.abort(),
  }
}

function placed(run_id: string, after: number, drafts: readonly Draft[], now: Date): Event[] {
  const place = { run_id, v: 1, at: now.toISOString(), prev_hash: '', hash: '', tenant: 'default' }
  return drafts.map((each, index) => ({ ...each, ...place, seq: after + 1 + index }) as Event)
}
