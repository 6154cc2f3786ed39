import { randomUUIDv7 } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Failure } from '../shared/failure.ts'
import type { Json, JsonObject } from '../shared/json.ts'
import { mapAt } from '../shared/json-pointer.ts'
import { mergePatch } from '../shared/merge-patch.ts'
import { InputError, type Work, type Worker } from './cli/remit.ts'
import type { Config } from './config.ts'
import type { Policy } from './enforce/policy/policy.ts'

import { freeTextGoal } from './goals/free-text-goal.ts'
import { validateInput } from './goals/validate-input.ts'
import type { Provenance } from './model/call.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Goal } from './model/goal.ts'
import { inputProperties } from './model/input-facts.ts'
import { faultsOfOutcomes } from './model/outcome-faults.ts'
import type { Owner } from './model/run.ts'
import { digestSealed, resealFor } from './model/seal.ts'
import type { Situation } from './model/situation.ts'
import { isSealed } from './model/value.ts'
import { type Log, logEvent } from './observe/open-log.ts'
import { traceJournal } from './observe/trace-journal.ts'
import type { Tracer } from './observe/tracer.ts'
import { plannerAlone, type Reasoners } from './reasoners.ts'
import type { Journal } from './record/journal.ts'
import type { OpenRecord } from './record/open-record.ts'
import { FenceLostError } from './record/record-errors.ts'
import { type Desk, requestCancel } from './run/answer.ts'
import { type NewChild, openChildren } from './run/children.ts'
import { createRun, type NewRun } from './run/create-run.ts'
import { workToInherit } from './run/fork.ts'
import { OvertakenError, type Parts, type RunGateway, type RunJournal } from './run/parts.ts'
import { Pursuits, type WatchRun } from './run/pursuits.ts'
import { Turns } from './run/turns.ts'
import { Wakes } from './run/wakes.ts'
import { startWorker } from './run/worker.ts'

/** How long a run that was made to be pursued here is left to us, before any worker may take it. */
const ownMs = 5_000

/** How often a worker signs heads and looks after the partitions to come. */
const housekeepingMs = 60_000

/** Everything that pursues runs in this process. */
export interface OpenPursuits {
  pursuits: Pursuits
  wakes: Wakes
  desk: Desk
  /** Makes the run due now, and tells whoever pursues it, in any process. */
  wake(runId: string): Promise<void>
  createRun(goal: Goal, input: JsonObject, options: NewRunOptions): Promise<string>
  /** A new run of the same goal and input that starts with what stood in another. */
  forkRun(situation: Situation, options: NewRunOptions): Promise<string>
  /** Pursues whatever runs are due, and keeps house: partitions ahead, heads signed, old requests forgotten. */
  work(options: Work): Worker
  /** The input of a run as a JSON Merge Patch changes it: checked, and sealed again. Throws an InputError with every fault. */
  changeInput(situation: Situation, patch: JsonObject): Promise<JsonObject>
  close(): Promise<void>
}

export interface NewRunOptions {
  /** It is about to be pursued here; else it is due for any worker at once. */
  mine: boolean
  /** Whose run it is; the local user's unless said. */
  owner?: Owner
  /** Who decides, by name; whoever decides for runs of commands unless said. */
  reasoner?: string
  /** Where those leaves of the input came from that the owner did not give. */
  input_provenance?: Provenance
  /** A uuidv7 that whoever repeats this gives again: the run that has it already is left as it is. */
  run_id?: string
}

export interface PursuitsOptions {
  config: Config
  policy: Policy
  /** Sub-goals included. */
  catalogue: Catalogue
  goalNamed(name: string): Goal | undefined
  record: OpenRecord
  /** Absent where nothing is called. */
  gateway: RunGateway | undefined
  log?: Log
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined
  /** The planner alone where it is left out. */
  reasoners?: Reasoners
  /** For which of them runs are created here. */
  reasoner?: string
}

/** Puts together what pursues runs: record, gateway, reasoner, and the runs of sub-goals. */
export async function openPursuits({
  config,
  policy,
  catalogue,
  goalNamed,
  record,
  gateway,
  log,
  tracer,
  reasoners = plannerAlone,
  reasoner: ownReasoner = 'planner',
}: PursuitsOptions): Promise<OpenPursuits> {
  const { journal, keyring, queue } = record
  const clock = { now: () => new Date(), sleepUntil }
  const turns = new Turns()
  const desk: Desk = {
    journal: asRunJournal(record.desk),
    clock,
    inTurn: (runId, work) => turns.take(runId, () => work().finally(() => record.desk.release(runId))),
  }
  const wakes = new Wakes()
  const listening = await queue.listen((runId) => wakes.tell(runId))

  const seal = async (runId: string, goal: Goal, input: JsonObject): Promise<JsonObject> => {
    const sealer = await keyring.create(runId)
    return mapAt(input, sensitivePointers(goal), (value, pointer) =>
      isSealed(value) ? value : sealer.seal(value, pointer),
    ) as JsonObject
  }
  const recordRun = async (
    run: Pick<NewRun, 'goal' | 'input' | 'input_provenance' | 'parent' | 'inherits'> & {
      run_id: string
      owner: Owner
      reasoner: string
    },
    wake_at: string | null,
  ): Promise<void> => {
    await createRun(
      run.run_id,
      {
        ...run.owner,
        goal: run.goal,
        input: await seal(run.run_id, run.goal, run.input),
        mode: config.mode,
        reasoner: reasoners.named(run.reasoner),
        catalogue,
        policyDigest: policy.digest,
        ...(run.parent ? { parent: run.parent } : {}),
        ...(run.inherits ? { inherits: run.inherits } : {}),
        ...(run.input_provenance ? { input_provenance: run.input_provenance } : {}),
        wake_at,
      },
      journal,
    )
    // Whoever pursues it takes it up by reading it.
    forget(run.run_id)
  }
  /** As `recordRun`, and leaves the run that is there already as it is. */
  const recordOnce = async (...given: Parameters<typeof recordRun>): Promise<void> => {
    try {
      await recordRun(...given)
    } catch (error) {
      if (!(error instanceof FenceLostError)) throw error
      forget(given[0].run_id)
    }
  }
  const recordNew = async ({
    run_id: given,
    mine,
    ...run
  }: Omit<Parameters<typeof recordRun>[0], 'owner' | 'run_id'> & NewRunOptions): Promise<string> => {
    const run_id = given ?? uuidv7()
    const named = { owner: config.owner, ...run, run_id }
    // Of several who make one run at the same time, each would be its writer here.
    await turns.take(run_id, async () => {
      // Whoever made it, or pursues it, here holds its end: it is not to be made a second time over their heads.
      if (given !== undefined && (await journal.read(run_id)).length > 0) return
      await recordOnce(named, mine ? inMs(ownMs) : null)
      if (!mine) await queue.notify(run_id)
    })
    return run_id
  }
  const forget = (runId: string) => {
    journal.release(runId)
    keyring.release(runId)
  }
  /** A child's input was sealed for its parent; it is opened to be sealed again for the child. */
  const startChild = async ({ parent, ...child }: NewChild): Promise<void> => {
    const { run_id, goal, input, input_provenance, reasonerName: reasoner } = child
    if ((await journal.read(run_id)).length > 0) return
    const sealer = await keyring.sealer(parent.run_id)
    const opened = mapAt(input, sensitivePointers(goal), (value) => (isSealed(value) ? sealer.open(value) : value))
    const owner = await record.ownerOf(parent.run_id)
    // A worker that took the parent for abandoned may be quicker.
    await recordOnce(
      { run_id, goal, input: opened as JsonObject, input_provenance, parent, owner, reasoner },
      inMs(ownMs),
    )
  }

  const goalInWords = (text: string, outcomes: readonly string[], input: JsonObject): Goal | Failure => {
    const issues = faultsOfOutcomes(outcomes, catalogue.tools.values()).map(({ path, message }) => ({
      path: `/outcomes${path}`,
      message,
    }))
    if (issues.length === 0) return freeTextGoal(text, outcomes, input)
    return { kind: 'invalid_input', message: 'Some outcomes of the sub-goal cannot be had', issues }
  }

  /** Whoever watches a run watches the runs of its sub-goals, too. */
  const childrenOf = (watch: WatchRun) =>
    openChildren({
      goalNamed,
      goalInWords,
      start: startChild,
      pursue: (runId, options) => pursuits.untilItRests(runId, { ...options, ...watch, forParent: true }),
      desk,
      wake: (runId) => queue.wake(runId),
    })

  const partsOf = (watch: WatchRun): Parts => {
    if (!gateway) throw new TypeError('pursue: this Remit was opened without servers')
    return {
      journal: traceJournal(asRunJournal(journal), tracer),
      gateway,
      reasoner: reasoners.named(ownReasoner),
      reasonerNamed: reasoners.named,
      children: childrenOf(watch),
      catalogue,
      policy,
      clock,
      random: Math.random,
      newId: randomUUIDv7,
      digestArguments: digestSealed,
      onEvent(event, situation) {
        if (log) logEvent(log, event, situation)
        tracer?.tell(event, situation)
        watch.onEvent?.(event, situation)
      },
      ...(watch.onProgress ? { onProgress: watch.onProgress } : {}),
    }
  }
  const pursuits = new Pursuits({
    take: (runId) => queue.take(runId),
    wake: (runId) => queue.wake(runId),
    read: (runId, after) => journal.read(runId, { after }),
    forget,
    cancel: async (runId, reason) => {
      await requestCancel(runId, { by: config.owner.principal, ...whyOf(reason) }, desk)
      await queue.wake(runId)
    },
    partsOf,
    wakes,
  })

  return {
    pursuits,
    wakes,
    desk,
    wake: (runId) => queue.wake(runId),
    async createRun(goal, input, options) {
      return recordNew({ reasoner: ownReasoner, ...options, goal, input })
    },
    async forkRun(situation, options) {
      const { run_id = uuidv7() } = options
      const [from, to] = await Promise.all([keyring.sealer(situation.run_id), keyring.create(run_id)])
      const reseal = <Value>(value: Value) => resealFor(value as Json, from, to) as Value
      const { created, input_provenance } = situation
      const { goal, reasoner } = created
      const inherits = reseal(workToInherit(situation))
      const input = reseal(situation.input)
      return recordNew({ ...options, run_id, goal, input, input_provenance, inherits, reasoner })
    },
    work(options) {
      const worker = startWorker({ due: queue, mode: config.mode, pursuits, wakes, ...options })
      const keepHouse = () =>
        void Promise.all([
          record.ensurePartitions(),
          record.signHeads(),
          record.runRequests.forgetOld(),
          record.triggerDeliveries.forgetOld(),
        ]).catch((error) => options.onTrouble(error))
      const timer = setInterval(keepHouse, housekeepingMs)
      return {
        stop: worker.stop,
        async close(graceMs) {
          clearInterval(timer)
          await worker.close(graceMs)
          await record.signHeads().catch((error: unknown) => options.onTrouble(error))
        },
      }
    },
    async changeInput({ run_id, created: { goal }, input }, patch) {
      const sealer = await keyring.sealer(run_id)
      const opened = mapAt(input, sensitivePointers(goal), (value) => (isSealed(value) ? sealer.open(value) : value))
      const checked = validateInput(goal, mergePatch(opened, patch))
      if (!checked.ok) throw new InputError(`With this change the input of ${goal.goal} is not valid`, checked.issues)
      return seal(run_id, goal, checked.input)
    },
    close: () => listening.close(),
  }
}

/** The journal as the loop has it: it takes a run up by reading it, and says when somebody else was quicker. */
function asRunJournal(journal: Journal): RunJournal {
  return {
    read: (runId) => journal.adopt(runId),
    peek: (runId, after) => journal.read(runId, { after }),
    async append(runId, drafts, change) {
      try {
        return await journal.append(runId, drafts, change)
      } catch (error) {
        if (error instanceof FenceLostError) throw new OvertakenError(error.message, { cause: error })
        throw error
      }
    },
  }
}

function sensitivePointers(goal: Pick<Goal, 'input'>): string[] {
  return inputProperties(goal.input).flatMap(({ pointer, sensitive }) => (sensitive ? [pointer] : []))
}

function whyOf(reason: unknown): { why?: string } {
  const { why } = Object(reason)
  return typeof why === 'string' ? { why } : {}
}

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}

/** Resolves at an instant, or when the signal aborts. */
export function sleepUntil(instant: Date, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, Math.max(0, instant.getTime() - Date.now()))
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
