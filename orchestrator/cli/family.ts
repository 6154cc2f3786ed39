import type { Event } from '../model/event.ts'
import { fold, type Situation } from '../model/situation.ts'
import { subRunsOf } from '../model/sub-runs.ts'
import { InputError, type Remit } from './remit.ts'
import { placeOf } from './run-address.ts'
import type { Place } from './story/place.ts'

/** A run and the runs of its sub-goals, as the record has them. */
export interface Family {
  root: Situation
  /** Where the root itself stands. */
  place: Place
  /** All of them by id, the root included. */
  situations: ReadonlyMap<string, Situation>
  /** The events of all of them in the order of time, those of a run before those of its sub-goals. */
  history: readonly { event: Event; situation: Situation }[]
}

/** Sub-goals beyond these are told by what the run itself knows of them. */
const mostRuns = 50

/** Reads a run, and the runs of its sub-goals and theirs. Throws {@link InputError} where nothing is recorded of the run. */
export async function readFamily(remit: Pick<Remit, 'events' | 'situation'>, runId: string): Promise<Family> {
  const history: { event: Event; situation: Situation }[] = []
  const situations = new Map<string, Situation>()
  const toRead = [runId]
  for (let id = toRead.shift(); id !== undefined && situations.size <= mostRuns; id = toRead.shift()) {
    const events = await remit.events(id)
    // The run of a sub-goal is recorded a moment after the call that starts it.
    if (events.length === 0) continue
    const situation = fold(events)
    situations.set(id, situation)
    history.push(...events.map((event) => ({ event, situation })))
    toRead.push(...subRunsOf(situation).map(({ run_id }) => run_id))
  }
  const root = situations.get(runId)
  if (!root) throw new InputError(`Nothing is recorded of run ${runId}`)
  history.sort((a, b) => Date.parse(a.event.at) - Date.parse(b.event.at))
  return { root, place: await placeOf(remit, root), situations, history }
}

/** The run that has to go on with a run: the one that it is a part of, and so on, as far up as they have not ended. */
export async function rootOf(remit: Pick<Remit, 'situation'>, runId: string): Promise<string> {
  const { parent } = (await remit.situation(runId)).created
  if (!parent) return runId
  const above = await remit.situation(parent.run_id)
  return above.finished ? runId : rootOf(remit, parent.run_id)
}
