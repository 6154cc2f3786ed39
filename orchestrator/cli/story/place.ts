import type { SubRun } from '../../model/sub-runs.ts'
import { tagOf } from './call-words.ts'

/** Where a run stands, as people say it. */
export interface Place {
  /** How it is named in a command: the start of its id, or that of the run above it and the task of the sub-goal. */
  address: string
  /** What tells a sub-goal from its siblings, such as `onboard/1 Beta Ltd`; empty for a run that is no part of another. */
  tag: string
}

/** The place of a sub-goal's run below its parent. */
export function placeWithin({ address, tag }: Place, run: SubRun): Place {
  return { address: `${address}/${run.task_id}`, tag: tag === '' ? tagOf(run) : `${tag} › ${tagOf(run)}` }
}
