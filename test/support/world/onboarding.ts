import { planner } from '../../../orchestrator/decide/planner/planner.ts'
import { holding } from '../../../orchestrator/enforce/fixtures/policies.ts'
import { freeTextGoal } from '../../../orchestrator/goals/free-text-goal.ts'
import type { Catalogue } from '../../../orchestrator/model/catalogue.ts'
import { localOperator } from '../../../orchestrator/model/decider.ts'
import type { Event } from '../../../orchestrator/model/event.ts'
import type { Goal } from '../../../orchestrator/model/goal.ts'
import { digestSealed } from '../../../orchestrator/model/seal.ts'
import { type CallState, fold, type Situation } from '../../../orchestrator/model/situation.ts'
import { goalServer, subGoalName } from '../../../orchestrator/model/sub-goals.ts'
import type { Journal } from '../../../orchestrator/record/journal.ts'
import { FenceLostError } from '../../../orchestrator/record/record-errors.ts'
import { advance } from '../../../orchestrator/run/advance.ts'
import { answer, type Desk, decideApproval } from '../../../orchestrator/run/answer.ts'
import { openChildren } from '../../../orchestrator/run/children.ts'
import { createRun } from '../../../orchestrator/run/create-run.ts'
import type { Parts } from '../../../orchestrator/run/parts.ts'
import { rests } from '../../../orchestrator/run/pursuits.ts'
import { Wakes } from '../../../orchestrator/run/wakes.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { newRunId } from '../record-fixtures.ts'
import { Desks } from './desks.ts'
import type { FaultPlan } from './fault.ts'
import { officeVendors } from './office/office.ts'
import { type Crash, type Hands, pursueMortally } from './pursue-mortally.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { World } from './world.ts'

/** A day on which customers are onboarded: what goes wrong, and what people do about it. */
export interface Day {
  /** The goal: one customer, unless said otherwise, or a list, each by a run of its own. */
  goal?: 'onboard' | 'onboard-all'
  faults: FaultPlan
  /** Tools that wait for an approval. */
  hold?: string[]
  /** The run is cancelled when its nth call is made. */
  cancelAtCall?: number
  /** Each time that the run waits: what goes wrong from then on, and what is answered. */
  answers?: { faults: FaultPlan; choice: string }[]
}

/** Where and with what a day is lived. */
export interface Setting {
  /** Sub-goals included. */
  catalogue: Catalogue
  /** The shipped goals by name, each with an input. */
  goals: Record<'onboard' | 'onboard-all', { goal: Goal; input: JsonObject }>
  /** One day is lived after the other, on one clock. */
  clock: VirtualClock
  /** As many as workers and answers that a day may take, twice. */
  journals: readonly Journal[]
}

/** A crash in the nth pursuit of a day: before the first answer, or after so many. */
export interface DayCrash extends Crash {
  pursuit: number
}

export interface Lived {
  situation: Situation
  /** Those of sub-goals. */
  children: Situation[]
  /** Of all runs, one run after the other. */
  events: Event[]
  world: World
  answered: string[]
  /** What the worker of each pursuit came to; where one was killed, what its successors came to is left out. */
  boundaries: string[][]
}

const owner = { tenant: 'default', principal: 'local:somebody' }

/** Pursues a shipped goal with the real plan, tools and record, and fake systems; perhaps a worker is killed. */
export async function live(day: Day, setting: Setting, crash?: DayCrash): Promise<Lived> {
  const { catalogue, clock } = setting
  const { goal, input } = setting.goals[day.goal ?? 'onboard']
  const world = new World(catalogue, officeVendors(), clock, day.faults)
  const cancel = new AbortController()
  const runId = newRunId()
  const desks = new Desks(setting)
  const newRun = { ...owner, mode: 'emulated' as const, reasoner: planner, catalogue, policyDigest: '' }
  const wakes = new Wakes()
  const newParts = (hands: Hands): Parts => {
    const own = desks.next()
    const parts = hands.take({
      journal: own,
      gateway: {
        call(request) {
          const reply = world.call(request)
          if (world.calls.length === day.cancelAtCall) cancel.abort({ by: owner.principal })
          return reply
        },
      },
      reasoner: planner,
      catalogue,
      policy: holding(...(day.hold ?? [])),
      clock: clock.forRuns,
      random: () => 0.5,
      newId: newRunId,
      digestArguments: digestSealed,
    })
    const children = openChildren({
      goalInWords: freeTextGoal,
      goalNamed: (name) => Object.values(setting.goals).find((known) => subGoalName(known.goal) === name)?.goal,
      async start({ run_id, ...child }) {
        if ((await desks.recorded(run_id)).length > 0) return
        await createRun(run_id, { ...newRun, ...child }, own).catch(asKnown)
      },
      async pursue(childId, options) {
        const situation = await advance(
          childId,
          { ...parts, children },
          {
            ...options,
            cancel: new AbortController().signal,
            isOurs: hands.isOurs,
            onWake: (listener) => wakes.on(childId, listener),
          },
        )
        return rests(situation) ? situation : undefined
      },
      desk: { journal: desks.next(), clock: clock.forRuns },
      wake: async (childId) => wakes.tell(childId),
    })
    return { ...parts, children }
  }
  await createRun(runId, { ...newRun, goal, input }, desks.next())
  const boundaries: string[][] = []
  const answered: string[] = []
  for (const next of [undefined, ...(day.answers ?? [])]) {
    if (next) {
      world.change(next.faults)
      answered.push(next.choice)
      const desk = { journal: desks.next(), clock: clock.forRuns }
      await clock.passUntil(answerOnce(runId, next.choice, desk))
    }
    const crashes = crash?.pursuit === boundaries.length ? [crash] : []
    const [first = []] = await pursueMortally({ runId, clock, newParts, cancel: cancel.signal }, crashes)
    boundaries.push(first)
    if (crashes.length > 0) throw new RangeError(`the pursuit never came to boundary ${crash?.at}`)
  }
  await clock.runOut()
  const ofRun = await desks.recorded(runId)
  const situation = fold(ofRun)
  const childIds = [...situation.calls.values()].filter(isSubGoal).map(({ call_id }) => call_id)
  const ofChildren = await Promise.all(childIds.map((id) => desks.recorded(id)))
  for (const id of [runId, ...childIds]) desks.release(id)
  const events = [...ofRun, ...ofChildren.flat()]
  return { situation, children: ofChildren.map(fold), events, world, answered, boundaries }
}

function isSubGoal({ server, purpose }: CallState): boolean {
  return server === goalServer && purpose === 'task'
}

async function answerOnce(runId: string, choice: string, desk: Desk): Promise<void> {
  const [wait] = fold(await desk.journal.read(runId)).waits.values()
  if (wait?.for !== 'approval') return answer(runId, { choice, by: owner.principal }, desk)
  const decided = choice === 'approve' ? ('approve' as const) : ('deny' as const)
  return decideApproval(runId, wait.wait_id, { choice: decided, decider: localOperator(owner.principal) }, desk)
}

/** Another worker was quicker to start the run. */
function asKnown(error: unknown): void {
  if (!(error instanceof FenceLostError)) throw error
}
