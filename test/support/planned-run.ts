import { randomUUIDv7 } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { defaultPolicy } from '../../orchestrator/enforce/fixtures/policies.ts'
import type { Catalogue } from '../../orchestrator/model/catalogue.ts'
import type { Task } from '../../orchestrator/model/decision.ts'
import { evidenceFor } from '../../orchestrator/model/evidence.ts'
import { goalSchema } from '../../orchestrator/model/goal.ts'
import { digestSealed } from '../../orchestrator/model/seal.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import type { Journal } from '../../orchestrator/record/journal.ts'
import { advance } from '../../orchestrator/run/advance.ts'
import { createRun } from '../../orchestrator/run/create-run.ts'
import type { Parts, RunGateway, RunJournal, RunReasoner } from '../../orchestrator/run/parts.ts'

/** What a run whose plan is known beforehand is pursued with; everything else is as in every run. */
export interface Planned {
  /** Facts that the plan's tools establish. */
  outcomes: string[]
  tasks: readonly Task[]
  catalogue: Catalogue
  gateway: RunGateway
  journal: Journal
  onEvent?: Parts['onEvent']
  /** What the loop gets in place of its journal. */
  watch?(journal: RunJournal): RunJournal
}

/** Whose planned runs are. */
export const plannedTenant = 'planned'

const policy = defaultPolicy

/** Records the run: its goal asks for the outcomes and gives as many calls as there are tasks. */
export async function createPlannedRun({ outcomes, tasks, catalogue, journal }: Planned): Promise<string> {
  const runId = uuidv7()
  const goal = goalSchema.parse({
    goal: 'planned',
    title: 'Planned',
    input: { type: 'object', properties: {} },
    outcomes: outcomes.map((fact) => ({ fact, existing: true })),
    budget: { tool_calls: tasks.length },
  })
  const reasoner = { name: 'planned', digest: '' }
  const owner = { tenant: plannedTenant, principal: 'local:planned' }
  const run = { ...owner, goal, input: {}, mode: 'emulated' as const, reasoner, catalogue }
  await createRun(runId, { ...run, policyDigest: policy.digest }, journal)
  return runId
}

/** Pursues the run to its end, by the loop that every run goes through. Throws unless it succeeds. */
export async function pursuePlanned(runId: string, planned: Planned): Promise<Situation> {
  const { journal, gateway, catalogue, tasks, onEvent, watch = (seen) => seen } = planned
  const never = new AbortController().signal
  const parts: Parts = {
    journal: watch({ read: journal.adopt, append: journal.append }),
    gateway,
    reasoner: planOf(tasks),
    catalogue,
    policy,
    clock: { now: () => new Date(), sleepUntil: () => Promise.reject(new Error('a planned run waits for no instant')) },
    random: Math.random,
    newId: randomUUIDv7,
    digestArguments: digestSealed,
    ...(onEvent ? { onEvent } : {}),
  }
  try {
    const situation = await advance(runId, parts, { signal: never, cancel: never })
    if (situation.status !== 'succeeded')
      throw new Error(`the planned run ended ${situation.status}: ${whyNot(situation)}`)
    return situation
  } finally {
    journal.release(runId)
  }
}

function whyNot({ finished, decisions, tasks }: Situation): string {
  const failures = [...tasks.values()].flatMap(({ id, tool, failure }) => (failure ? [{ id, tool, failure }] : []))
  return JSON.stringify({ error: finished?.error, problems: decisions.at(-1)?.problems, failures })
}

/** Decides for these tasks, then for the end. */
function planOf(tasks: readonly Task[]): RunReasoner {
  return {
    name: 'planned',
    digest: '',
    async decide(situation) {
      const decision =
        situation.decisions.length === 0
          ? { kind: 'plan' as const, tasks: [...tasks], why: 'as planned' }
          : { kind: 'finish' as const, outcomes: evidenceFor(situation), why: 'all is done' }
      return { decision, usage: { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 } }
    },
  }
}
