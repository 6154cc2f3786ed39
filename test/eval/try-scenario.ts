import type { Reasoner } from '../../orchestrator/decide/reasoner.ts'
import { policyOf } from '../../orchestrator/enforce/policy/policy.ts'
import { draft } from '../../orchestrator/model/event.ts'
import { fold, type Situation } from '../../orchestrator/model/situation.ts'
import { advance } from '../../orchestrator/run/advance.ts'
import type { Parts } from '../../orchestrator/run/parts.ts'
import { digest } from '../../shared/json.ts'
import { runId } from '../support/world/story.ts'
import { TimedRecord } from '../support/world/timed-record.ts'
import { VirtualClock } from '../support/world/virtual-clock.ts'
import { World } from '../support/world/world.ts'
import type { Contestant } from './contestants.ts'
import type { Ended, Scenario } from './scenario.ts'

/** How one scenario went for one who decides. */
export interface Result {
  scenario: string
  reasoner: string
  /** What is wrong with the systems, or with how the run ended. */
  problems: string[]
  model_calls: number
  input_tokens: number
  cache_read_tokens: number
  output_tokens: number
  cost_usd: number
  /** Real time, most of it the model's. */
  seconds: number
  /** How often a person was asked. */
  asks: number
}

/** Lets somebody decide in a scenario, on fresh systems and a clock of its own. Undefined where they cannot take part. */
export async function tryScenario(
  scenario: Scenario,
  contestant: Contestant,
): Promise<{ result: Result; ended: Ended } | undefined> {
  const { catalogue, goal, input, vendors, faults = {}, judge } = scenario
  const clock = new VirtualClock()
  const opened = await contestant.open(scenario, clock)
  if (!opened) return undefined
  const { reasoner } = opened
  const world = new World(catalogue, vendors(), clock, faults)
  const record = new TimedRecord(clock)
  let ids = 0
  const parts: Parts = {
    journal: record.open(),
    gateway: world,
    reasoner,
    catalogue,
    policy: policyOf([]),
    clock: clock.forRuns,
    random: () => 0.5,
    newId: () => `id_${++ids}`,
    digestArguments: digest,
  }
  const digests = { goal: '', catalogue: catalogue.digest, policy: '', reasoner: '' }
  const created = draft('run_created', { goal, input, mode: 'emulated', reasoner: reasoner.name, digests })
  const started = performance.now()
  try {
    await clock.passUntil(record.open().append(runId, [created]))
    const never = new AbortController().signal
    await clock.passUntil(advance(runId, parts, { signal: never, cancel: never }))
    await clock.runOut()
  } finally {
    await opened.close()
  }
  const events = record.stored()
  const situation = fold(events)
  const { usage } = situation
  const ended = { situation, world }
  const result = {
    scenario: scenario.name,
    reasoner: contestant.name,
    problems: [...judge(ended), ...decidedByOthers(situation, reasoner)],
    model_calls: usage.model_calls,
    input_tokens: usage.input_tokens,
    cache_read_tokens: usage.cache_read_tokens ?? 0,
    output_tokens: usage.output_tokens,
    cost_usd: usage.cost_usd,
    seconds: (performance.now() - started) / 1_000,
    asks: events.filter((event) => event.type === 'wait_started' && event.data.for !== 'timer').length,
  }
  return { result, ended }
}

/** Where a reasoner falls back on another, how well that one does is not its own merit. */
function decidedByOthers({ decisions }: Situation, { name }: Reasoner): string[] {
  const others = new Set(decisions.flatMap(({ reasoner }) => (reasoner === name ? [] : [reasoner])))
  return [...others].map((other) => `${other} decided instead`)
}
