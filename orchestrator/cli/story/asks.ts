import type { Situation, WaitState } from '../../model/situation.ts'
import { subRunsOf } from '../../model/sub-runs.ts'
import { type Place, placeWithin } from './place.ts'

/** Something that a run, or the run of one of its sub-goals, waits for. */
export interface Ask {
  place: Place
  wait: WaitState
}

/** All that is asked, the run itself first. What a sub-goal asks is what its own run says, where that is known. */
export function asksOf(situation: Situation, situations: ReadonlyMap<string, Situation>, place: Place): Ask[] {
  const waits = [...situation.waits.values()]
  const own = waits.filter((wait) => wait.for !== 'child').map((wait) => ({ place, wait }))
  const ofOthers = subRunsOf(situation).flatMap((run) => {
    const below = placeWithin(place, run)
    const child = situations.get(run.run_id)
    if (child) return asksOf(child, situations, below)
    return waits.filter((wait) => wait.child_run === run.run_id).map((wait) => ({ place: below, wait }))
  })
  return [...own, ...ofOthers]
}
