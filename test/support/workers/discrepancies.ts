import type { Situation } from '../../../orchestrator/model/situation.ts'
import type { Effect } from './vendor-table.ts'

/**
 * What the stations say against the record, one sentence each; nothing where every run has ended, no item was ever made
 * twice, and the items that are there now are exactly those of the calls that succeeded and were not undone.
 */
export function discrepancies(runs: readonly Situation[], effects: readonly Effect[]): string[] {
  const recorded = new Set(runs.flatMap(standingItems))
  const there = new Set(effects.filter(({ removed }) => !removed).map(itemOf))
  const made = Map.groupBy(effects, ({ station, subject }) => `${station} ${subject}`)
  return [
    ...runs.flatMap(faultsOf),
    ...[...made].flatMap(([item, rows]) => (rows.length > 1 ? [`${item} was made ${rows.length} times`] : [])),
    ...[...recorded].filter((item) => !there.has(item)).map((item) => `${item} is recorded, and is not there`),
    ...[...there].filter((item) => !recorded.has(item)).map((item) => `${item} is there, and is not recorded`),
  ]
}

function standingItems({ run_id, calls }: Situation): string[] {
  return [...calls.values()]
    .filter(
      ({ tool, outcome, compensated_by }) => tool === 'make_item' && outcome?.status === 'succeeded' && !compensated_by,
    )
    .map(({ server, arguments: args }) => itemOf({ run_id, station: server, subject: String(args.subject) }))
}

function itemOf({ station, subject, run_id }: Pick<Effect, 'station' | 'subject' | 'run_id'>): string {
  return `${station} ${subject} of ${run_id}`
}

function faultsOf({ run_id, created, status, finished, unsettled, compensation }: Situation): string[] {
  const name = `${created.goal.goal} ${run_id}`
  return [
    ...(finished ? [] : [`${name} is ${status}, and has not ended`]),
    ...(unsettled.size > 0 ? [`${name} has ${unsettled.size} calls that never settled`] : []),
    ...(compensation?.remaining ?? []).map(({ tool, why }) => `${name} left something: ${tool}, because ${why}`),
  ]
}
