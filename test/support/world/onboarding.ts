import { planner } from '../../../orchestrator/decide/planner/planner.ts'
import type { Catalogue } from '../../../orchestrator/model/catalogue.ts'
import type { Event } from '../../../orchestrator/model/event.ts'
import type { Goal } from '../../../orchestrator/model/goal.ts'
import { digestSealed } from '../../../orchestrator/model/seal.ts'
import { fold, type Situation } from '../../../orchestrator/model/situation.ts'
import type { Journal } from '../../../orchestrator/record/journal.ts'
import { FenceLostError } from '../../../orchestrator/record/record-errors.ts'
import { answer, type Desk, decideApproval } from '../../../orchestrator/run/answer.ts'
import { createRun } from '../../../orchestrator/run/create-run.ts'
import { OvertakenError, type Parts, type RunJournal } from '../../../orchestrator/run/parts.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { newRunId } from '../record-fixtures.ts'
import type { FaultPlan } from './fault.ts'
import { officeVendors } from './office/office.ts'
import { type Crash, pursueMortally } from './pursue-mortally.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { World } from './world.ts'

/** A day on which a customer is onboarded: what goes wrong, and what people do about it. */
export interface Day {
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
  catalogue: Catalogue
  goal: Goal
  input: JsonObject
  /** One day is lived after the other, on one clock. */
  clock: VirtualClock
  /** Of as many workers, who take turns: none knows anything of what another did. */
  journals: readonly Journal[]
}

/** A crash in the nth pursuit of a day: before the first answer, or after so many. */
export interface DayCrash extends Crash {
  pursuit: number
}

export interface Lived {
  situation: Situation
  events: Event[]
  world: World
  answered: string[]
  /** What the worker of each pursuit came to; where one was killed, what its successors came to is left out. */
  boundaries: string[][]
}

const owner = { tenant: 'default', principal: 'local:somebody' }

/** Onboards one customer with the real goal, plan, tools and record, and fake systems; perhaps a worker is killed. */
export async function live(day: Day, setting: Setting, crash?: DayCrash): Promise<Lived> {
  const { catalogue, goal, input, clock, journals } = setting
  const world = new World(catalogue, officeVendors(), clock, day.faults)
  const cancel = new AbortController()
  const runId = newRunId()
  let turn = 0
  const nextJournal = (): RunJournal & Pick<Journal, 'create'> => {
    const journal = journals[turn++ % journals.length]
    if (!journal) throw new RangeError('a setting needs journals')
    return {
      create: (...run) => journal.create(...run),
      read: (run) => clock.standStill(journal.adopt(run)),
      append: (run, drafts, change) => clock.standStill(journal.append(run, drafts, change)).catch(asOvertaken),
    }
  }
  let ids = 0
  const newParts = (): Parts => ({
    journal: nextJournal(),
    gateway: {
      call(request) {
        const reply = world.call(request)
        if (world.calls.length === day.cancelAtCall) cancel.abort({ by: owner.principal })
        return reply
      },
    },
    reasoner: planner,
    catalogue,
    policy: { hold: day.hold ?? [] },
    clock: clock.forRuns,
    random: () => 0.5,
    newId: () => `id_${++ids}`,
    digestArguments: digestSealed,
  })
  const run = { ...owner, goal, input, mode: 'emulated' as const, reasoner: planner, catalogue, policyDigest: '' }
  await createRun(runId, run, nextJournal())
  const boundaries: string[][] = []
  const answered: string[] = []
  for (const next of [undefined, ...(day.answers ?? [])]) {
    if (next) {
      world.change(next.faults)
      answered.push(next.choice)
      const desk = { journal: nextJournal(), clock: clock.forRuns }
      await clock.passUntil(answerOnce(runId, next.choice, desk))
    }
    const crashes = crash?.pursuit === boundaries.length ? [crash] : []
    const [first = []] = await pursueMortally({ runId, clock, newParts, cancel: cancel.signal }, crashes)
    boundaries.push(first)
    if (crashes.length > 0) throw new RangeError(`the pursuit never came to boundary ${crash?.at}`)
  }
  await clock.runOut()
  const events = await nextJournal().read(runId)
  for (const journal of journals) journal.release(runId)
  return { situation: fold(events), events, world, answered, boundaries }
}

async function answerOnce(runId: string, choice: string, desk: Desk): Promise<void> {
  const [wait] = fold(await desk.journal.read(runId)).waits.values()
  const given = { choice, by: owner.principal }
  return wait?.for === 'approval' ? decideApproval(runId, wait.wait_id, given, desk) : answer(runId, given, desk)
}

function asOvertaken(error: unknown): never {
  throw error instanceof FenceLostError ? new OvertakenError(error.message, { cause: error }) : error
}
