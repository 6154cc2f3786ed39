import type { Json } from '../../../shared/json.ts'
import type { RunStatus } from '../../model/run.ts'
import type { Situation } from '../../model/situation.ts'
import { type SubRun, subRunsOf } from '../../model/sub-runs.ts'
import { cell } from '../text/cell.ts'
import { bad, cutLine, doubtful, faint, good, type Line, name, type Span, spread } from '../text/line.ts'
import { padEnd } from '../text/width.ts'
import { tagOf } from './call-words.ts'
import { factsOf } from './facts-of.ts'
import type { SummaryOptions } from './summary-options.ts'

/** Of more sub-goals than this only the state of each is shown; its own `show` tells the rest. */
const mostInDetail = 8

/** The run of each sub-goal with its state and id, what exists because of it, and what it could not take back. */
export function subRunLines(situation: Situation, { columns, situations }: SummaryOptions): Line[] {
  const runs = subRunsOf(situation)
  const statusOf = ({ run_id, status }: SubRun) => situations.get(run_id)?.status ?? status
  const width = Math.max(0, ...runs.map((run) => statusOf(run).length))
  return runs.flatMap((run) => {
    const own = situations.get(run.run_id)
    const status = statusOf(run)
    const title: Line = ['  ', markOfStatus(status), ` ${status.padEnd(width)}  `, name(tagOf(run))]
    return [
      spread(title, [faint(run.run_id)], columns),
      ...(runs.length > mostInDetail ? [] : detailLines(run, situation, own).map((line) => cutLine(line, columns))),
    ]
  })
}

function markOfStatus(status: RunStatus): Span {
  if (status === 'succeeded') return good('✓')
  return status === 'failed' || status === 'cancelled' ? bad('✗') : doubtful('?')
}

function undoNote(own: Situation | undefined): string {
  const status = own?.compensation?.status
  if (status === 'complete') return 'all undone: '
  return status === 'partial' ? 'not all undone: ' : ''
}

function detailLines(run: SubRun, situation: Situation, own: Situation | undefined): Line[] {
  const failure = situation.calls.get(run.run_id)?.outcome
  const why = own?.finished?.error?.message ?? (failure?.status === 'failed' ? failure.failure.message : undefined)
  const ids = own ? establishedIds(own) : []
  const width = Math.max(0, ...ids.map(([label]) => label.length))
  return [
    ...ids.map(([label, value]): Line => ['      ', faint(padEnd(label, width)), '  ', cell(value)]),
    ...(why === undefined ? [] : [['      ', undoNote(own), why.replace(/\s+/g, ' ')]]),
    ...(own?.compensation?.remaining ?? []).map(
      ({ tool, why: left }): Line => ['      remains: ', name(tool), `  ${left}`],
    ),
  ]
}

/** The id of what stands for each outcome of the goal, where its result has one: of `billing.subscription`, `billing.subscription_id`. */
function establishedIds(own: Situation): [string, Json][] {
  const facts = factsOf(own)
  return own.created.goal.outcomes.flatMap(({ fact }): [string, Json][] => {
    const id = facts[`${fact}_id`]
    return id === undefined ? [] : [[fact.slice(fact.lastIndexOf('.') + 1).replaceAll('_', ' '), id]]
  })
}
