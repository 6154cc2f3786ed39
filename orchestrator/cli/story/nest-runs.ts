import type { RunSummary } from '../../model/listed.ts'
import type { Situation } from '../../model/situation.ts'
import { subRunsOf } from '../../model/sub-runs.ts'

import { count } from '../text/count.ts'
import { tagOf } from './call-words.ts'
import { waitText } from './wait-lines.ts'

/** A run in a list. */
export interface NestedRow {
  run: RunSummary
  /** Its goal, or below its parent what tells it from its siblings. */
  title: string
  /** What it waits for. */
  asked?: string
}

/** Runs in the order of a list, with the runs of sub-goals below the run that they are a part of, in the order of its tasks. */
export function nestRuns(runs: readonly RunSummary[], situations: ReadonlyMap<string, Situation>): NestedRow[] {
  const listed = new Map(runs.map((run) => [run.run_id, run]))
  for (const { parent_run } of runs) {
    const parent = situations.get(parent_run ?? '')
    if (parent && !listed.has(parent.run_id)) listed.set(parent.run_id, rowOf(parent))
  }
  const rowsOf = (run: RunSummary, title: string, depth: number): NestedRow[] => {
    const situation = situations.get(run.run_id)
    const asked = situation && run.status === 'waiting' ? askedBy(situation) : undefined
    const parts = situation ? subRunsOf(situation) : []
    return [
      { run, title, ...(asked === undefined ? {} : { asked }) },
      ...parts.flatMap((part) => {
        const child = listed.get(part.run_id)
        return child ? rowsOf(child, `${'  '.repeat(depth)}└ ${tagOf(part)}`, depth + 1) : []
      }),
    ]
  }
  return [...listed.values()]
    .toSorted((a, b) => (a.run_id < b.run_id ? 1 : -1))
    .filter(({ parent_run }) => !listed.has(parent_run ?? ''))
    .flatMap((run) => rowsOf(run, run.goal, 0))
}

/** A run that a list does not reach and that stands above one which it does. */
function rowOf({ run_id, tenant, created, created_at, status }: Situation): RunSummary {
  const above = created.parent ? { parent_run: created.parent.run_id } : {}
  const { goal, principal = '' } = created
  return { run_id, goal: goal.goal, status, tenant, principal, ...above, created_at, updated_at: created_at }
}

function askedBy({ waits }: Situation): string {
  const open = [...waits.values()]
  const [own, ...others] = open.filter((wait) => wait.for !== 'child')
  if (!own) return `waits for ${count(open.length, 'sub-goal')}`
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return `${waitText(own.for)}${more}: ${own.question}`
}
