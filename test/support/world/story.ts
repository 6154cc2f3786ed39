import { planner } from '../../../orchestrator/decide/planner/planner.ts'
import { defaultPolicy } from '../../../orchestrator/enforce/fixtures/policies.ts'
import { draft, type Event } from '../../../orchestrator/model/event.ts'
import { budgetSchema, type Goal } from '../../../orchestrator/model/goal.ts'
import { fold, type Situation } from '../../../orchestrator/model/situation.ts'
import { answer } from '../../../orchestrator/run/answer.ts'
import type { Parts } from '../../../orchestrator/run/parts.ts'
import { digest } from '../../../shared/json.ts'
import { goal } from '../rehearsal.ts'
import type { FaultPlan } from './fault.ts'
import { type House, houseNames } from './houses.ts'
import { type Crash, type Hands, pursueMortally } from './pursue-mortally.ts'
import { scripted } from './scripted.ts'
import { TimedRecord } from './timed-record.ts'
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
  /** How the workers die that pursue the run, one after the other. */
  crashes: readonly Crash[]
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
  const record = new TimedRecord(clock)
  const cancel = new AbortController()
  let [ids, atOnce, mostAtOnce] = [0, 0, 0]
  const newParts = ({ take }: Hands): Parts =>
    take({
      journal: record.open(),
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
      catalogue,
      policy: defaultPolicy,
      clock: clock.forRuns,
      random: () => 0.5,
      newId: () => `id_${++ids}`,
      digestArguments: digest,
    })
  const created = draft('run_created', {
    goal: goalOf(story),
    input: {},
    mode: 'emulated',
    reasoner: story.reasoner,
    digests: { goal: '', catalogue: catalogue.digest, policy: '', reasoner: '' },
  })
  await clock.passUntil(record.open().append(runId, [created]))
  const answered: string[] = []
  const desk = { journal: record.open(), clock: clock.forRuns }
  const crashes = [...story.crashes]
  const pursue = () => pursueMortally({ runId, clock, newParts, cancel: cancel.signal }, crashes)
  await pursue()
  for (const place of story.answers) {
    const [wait] = fold(record.stored()).waits.values()
    const choice = wait?.choices[place % wait.choices.length]?.choice
    if (choice === undefined) break
    answered.push(choice)
    await clock.passUntil(
      answer(runId, { choice, by: 'somebody', ...(choice === 'change' ? { input: {} } : {}) }, desk),
    )
    await pursue()
  }
  await clock.runOut()
  const events = record.stored()
  return { story, situation: fold(events), events, world, answered, mostAtOnce }
}

function goalOf({ outcomes, budget }: Story): Goal {
  const facts = houseNames.flatMap((house): [string, 'undo' | 'wait' | 'accept'][] => {
    const onFailure = outcomes[house]
    return onFailure ? [[`${house}.thing`, onFailure]] : []
  })
  return goal(Object.fromEntries(facts), {
    arguments: townArguments(),
    budget: budgetSchema.parse({ ...budget }),
  })
}
