import type { CallState, Situation } from '../../model/situation.ts'
import { between, duration } from '../text/duration.ts'
import { faint, heading, type Line, name } from '../text/line.ts'
import { cut, padEnd, padStart } from '../text/width.ts'
import { markOf } from './outcome.ts'

/** More calls than this are not drawn: `remit sql` lists them all. */
const mostRows = 40
const durationColumns = 9

type Settled = CallState & { started_at: string; settled_at: string }

/** When each call ran, as bars on one axis. Bars above each other ran at the same time. */
export function chartLines(situation: Situation, columns: number): Line[] {
  const settled = [...situation.calls.values()].filter(isSettled)
  if (settled.length === 0) return []
  const start = Math.min(...settled.map(({ started_at }) => Date.parse(started_at)))
  const end = Math.max(...settled.map(({ settled_at }) => Date.parse(settled_at)))
  const shown = settled.slice(0, mostRows)
  const nameColumns = Math.min(34, Math.max(...shown.map((call) => titleOf(call).length)))
  const barColumns = Math.max(10, columns - nameColumns - durationColumns - 6)
  const total = Math.max(1, end - start)
  const column = (instant: string) => ((Date.parse(instant) - start) / total) * barColumns
  return [
    [heading('Calls'), faint(`  ${duration(total)} from the first to the last`)],
    ...shown.map((call): Line => {
      const from = Math.min(barColumns - 1, Math.floor(column(call.started_at)))
      const to = Math.max(from + 1, Math.round(column(call.settled_at)))
      const fill = call.purpose === 'task' ? '█' : '▒'
      return [
        '  ',
        markOf(call.outcome),
        ' ',
        name(padEnd(cut(titleOf(call), nameColumns), nameColumns)),
        ' ',
        padEnd(' '.repeat(from) + fill.repeat(to - from), barColumns),
        padStart(duration(between(call.started_at, call.settled_at)), durationColumns),
      ]
    }),
    ...(settled.length > shown.length ? [[faint(`  and ${settled.length - shown.length} more`)]] : []),
    ...(shown.some(({ purpose }) => purpose !== 'task') ? [[faint('  █ the plan   ▒ undo, or finding out')]] : []),
  ]
}

function isSettled(call: CallState): call is Settled {
  return call.started_at !== undefined && call.settled_at !== undefined
}

function titleOf({ server, tool }: CallState): string {
  return `${server}.${tool}`
}
