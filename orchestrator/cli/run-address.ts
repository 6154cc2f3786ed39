import type { Situation } from '../model/situation.ts'
import { type SubRun, subRunOf, subRunsOf } from '../model/sub-runs.ts'
import { InputError, type Remit } from './remit.ts'
import { type Place, placeWithin } from './story/place.ts'
import { shortId } from './story/short-id.ts'

/** The place of a run below the runs that it is a part of. */
export async function placeOf(remit: Pick<Remit, 'situation'>, { run_id, created }: Situation): Promise<Place> {
  const above = created.parent && (await remit.situation(created.parent.run_id))
  const call = above?.calls.get(run_id)
  if (!above || !call) return { address: shortId(run_id), tag: '' }
  return placeWithin(await placeOf(remit, above), subRunOf(call, above))
}

/**
 * The run that a person means: the start of an id, or `last`, the latest run that is no part of another. What follows, as in
 * `last/onboard/1`, is the task whose sub-goal's run is meant. Throws {@link InputError} where there is no such run.
 */
export async function runIdOf(remit: Remit, named: string): Promise<string> {
  const [first = '', ...path] = named.split('/')
  let runId = first === 'last' ? await latest(remit) : await remit.findRun(first)
  for (let rest = path.join('/'); rest !== ''; ) {
    const runs = subRunsOf(await remit.situation(runId))
    const found = runs.findLast(({ task_id }) => rest === task_id || rest.startsWith(`${task_id}/`))
    if (!found) throw new InputError(`Run ${runId} has started no sub-goal ${rest}${namesOf(runs)}`)
    runId = found.run_id
    rest = rest.slice(found.task_id.length + 1)
  }
  return runId
}

/** What a person started: sub-goals are always later than that. */
async function latest(remit: Remit): Promise<string> {
  const runs = await remit.runs({ limit: 100 })
  const own = runs.find(({ parent_run }) => parent_run === undefined) ?? runs[0]
  return own ? own.run_id : remit.findRun('last')
}

function namesOf(runs: readonly SubRun[]): string {
  return runs.length === 0 ? '' : `; it has ${[...new Set(runs.map(({ task_id }) => task_id))].join(', ')}`
}
