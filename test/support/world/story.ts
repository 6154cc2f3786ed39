import { planner } from '../../../orchestrator/decide/planner/planner.ts'
import { draft, type Event } from '../../../orchestrator/model/event.ts'
import type { Goal } from '../../../orchestrator/model/goal.ts'
import { fold, type Situation } from '../../../orchestrator/model/situation.ts'
import { advance } from '../../../orchestrator/run/advance.ts'
import { answer } from '../../../orchestrator/run/answer.ts'
import type { Parts } from '../../../orchestrator/run/parts.ts'
import { digest } from '../../../shared/json.ts'
import { goal } from '../rehearsal.ts'
import type { FaultPlan } from './fault.ts'
import { type House, houseNames } from './houses.ts'
import { scripted } from './scripted.ts'
import { TimedJournal } from './timed-journal.ts'
import { type Needs, townArguments, townCatalogue, townVendors } from './town.ts'
import { VirtualClock } from './virtual-clock.ts'
import { World } from './world.ts'

/** One run through the town, from its goal to where it comes to rest for good. */
export interface Story {
  /** What is wanted, and what is to be done about each that cannot be had. */
  outcomes: Partial<Record<House, 'undo' | 'wait' | 'accept'>>
  needs: Needs
  /** Tasks that come after others without needing anything of theirs; for a scripted reasoner. */
  after: Partial<Record<House, readonly House[]>>
  reasoner: 'planner' | 'scripted'
  faults: FaultPlan
  /** The run is cancelled when its nth call is made. */
  cancelAtCall?: number
  /** What people answer when they are asked, as a place among what is offered; then nobody answers any more. */
  answers: readonly number[]
  budget: Partial<Goal['budget']>
}

export interface Told {
  story: Story
  situation: Situation
  events: Event[]
  world: World
  /** What people answered. */
  answered: string[]
  /** The most calls that were under way at the same time. */
  mostAtOnce: number
}

export const runId = '11111111-1111-7111-8111-111111111111'

/** Plays a story out: the run is pursued and people answer, and then everything happens that was still under way. */
export async function tell(story: Story): Promise<Told> {
  const clock = new VirtualClock()
  const catalogue = townCatalogue(story.needs)
  const world = new World(catalogue, townVendors(), clock, story.faults)
  const journal = new TimedJournal(clock)
  const cancel = new AbortController()
  let [ids, atOnce, mostAtOnce] = [0, 0, 0]
  const parts: Parts = {
    journal,
    gateway: {
      async call(request) {
        const reply = world.call(request)
        atOnce += 1
        mostAtOnce = Math.max(mostAtOnce, atOnce)
        if (world.calls.length === story.cancelAtCall) cancel.abort({ by: 'somebody' })
        return reply.finally(() => {
          atOnce -= 1
        })
      },
    },
    reasoner: story.reasoner === 'planner' ? planner : scripted(story),
    reasonerReadsOutputs: false,
    catalogue,
    policy: { hold: [] },
    clock: clock.forRuns,
    random: () => 0.5,
    newId: () => `id_${++ids}`,
    digestArguments: digest,
  }
  const created = journal.append(runId, [
    draft('run_created', {
      goal: goalOf(story),
      input: {},
      mode: 'emulated',
      reasoner: parts.reasoner.name,
      digests: { goal: '', catalogue: catalogue.digest, policy: '', reasoner: '' },
    }),
  ])
  await clock.passUntil(created)
  const answered: string[] = []
  const pursue = () => advance(runId, parts, { signal: new AbortController().signal, cancel: cancel.signal })
  await clock.passUntil(pursue())
  for (const place of story.answers) {
    const [wait] = fold(await journal.read()).waits.values()
    const choice = wait?.choices[place % wait.choices.length]?.choice
    if (choice === undefined) break
    answered.push(choice)
    await clock.passUntil(answer(runId, { choice, by: 'somebody' }, journal))
    await clock.passUntil(pursue())
  }
  await clock.runOut()
  const events = await journal.read()
  return { story, situation: fold(events), events, world, answered, mostAtOnce }
}

function goalOf({ outcomes, budget }: Story): Goal {
  const facts = houseNames.flatMap((house): [string, 'undo' | 'wait' | 'accept'][] => {
    const onFailure = outcomes[house]
    return onFailure ? [[`${house}.thing`, onFailure]] : []
  })
  return goal(Object.fromEntries(facts), {
    arguments: townArguments(),
    budget: { tool_calls: 100, compensation_calls: 100, revisions: 5, concurrency: 8, wall_clock_s: 3600, ...budget },
  })
}
