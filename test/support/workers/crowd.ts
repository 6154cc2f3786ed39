import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../../shared/json.ts'
import { cancelRun } from './people.ts'
import { type StationGoal, stationGoals } from './stations.ts'
import type { Yard } from './yard.ts'

/** One goal after the other; of twenty runs, four are cancelled at some moment. */
const mix: readonly StationGoal[] = [
  'three',
  'five',
  'eight',
  'held',
  'three',
  'listed',
  'five',
  'asked',
  'eight',
  'three',
  'family',
  'five',
  'held',
  'eight',
  'listed',
  'three',
  'asked',
  'five',
  'slow',
  'eight',
]
const cancelled = new Set([6, 8, 10, 15])

/** Creates `count` runs of every kind, and cancels some of them a while later; settles once that is said. */
export async function createCrowd(yard: Yard, count: number): Promise<{ ids: string[]; cancels: Promise<void> }> {
  const ids: string[] = []
  const cancels: Promise<void>[] = []
  for (let n = 0; n < count; n += 1) {
    const kind = mix[n % mix.length] ?? 'three'
    const runId = await createRun(yard, kind, `order ${n}`)
    ids.push(runId)
    // Spread over the first seconds, so that some have not begun and some are almost done.
    if (cancelled.has(n % mix.length)) cancels.push(sleep((n * 67) % 6_000).then(() => cancelRun(yard, runId)))
  }
  const said = Promise.all(cancels).then(() => {})
  said.catch(() => {})
  return { ids, cancels: said }
}

/** Records a run that any worker may take up. */
export function createRun({ pursuing }: Yard, kind: StationGoal, subject: string): Promise<string> {
  return pursuing.createRun(stationGoals[kind], { subject, ...listsOf(kind, subject) }, { mine: false })
}

function listsOf(kind: StationGoal, subject: string): JsonObject {
  const each = [1, 2, 3].map((nth) => `${subject} / ${nth}`)
  if (kind === 'listed') return { each }
  return kind === 'family' ? { orders: each.map((one) => ({ subject: one })) } : {}
}
