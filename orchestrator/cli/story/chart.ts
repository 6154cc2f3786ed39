import type { CallState, Situation } from '../../model/situation.ts'
import { duration } from '../text/duration.ts'
import { faint, heading, type Line, name, type Span } from '../text/line.ts'
import { cut, displayWidth, padEnd, padStart } from '../text/width.ts'
import { callLabel } from './call-words.ts'
import { markOf } from './outcome.ts'

/** More calls than this are not drawn: `remit sql` lists them all. */
const mostRows = 40
/** Of a longer list, the calls that ended alike share one bar. */
const mostOfList = 12
const durationColumns = 9
const widestTitle = 34

/** One bar; `from` and `to` in milliseconds since the epoch. */
interface Bar {
  mark: Span
  title: string
  from: number
  to: number
  ofPlan: boolean
}

/** When each call ran, as bars on one axis. Bars above each other ran at the same time. */
export function chartLines(situation: Situation, columns: number): Line[] {
  const bars = barsOf(situation)
  if (bars.length === 0) return []
  const start = Math.min(...bars.map(({ from }) => from))
  const total = Math.max(1, Math.max(...bars.map(({ to }) => to)) - start)
  const shown = bars.slice(0, mostRows)
  const titleColumns = Math.min(widestTitle, Math.max(...shown.map(({ title }) => displayWidth(title))))
  const barColumns = Math.max(10, columns - titleColumns - durationColumns - 6)
  const column = (instant: number) => ((instant - start) / total) * barColumns
  return [
    [heading('Calls'), faint(`  ${duration(total)} from the first to the last`)],
    ...shown.map(({ mark, title, from, to, ofPlan }): Line => {
      const first = Math.min(barColumns - 1, Math.floor(column(from)))
      const last = Math.max(first + 1, Math.round(column(to)))
      return [
        '  ',
        mark,
        ' ',
        name(padEnd(cut(title, titleColumns), titleColumns)),
        ' ',
        padEnd(' '.repeat(first) + (ofPlan ? '█' : '▒').repeat(last - first), barColumns),
        padStart(duration(to - from), durationColumns),
      ]
    }),
    ...(bars.length > shown.length ? [[faint(`  and ${bars.length - shown.length} more`)]] : []),
    ...(shown.some(({ ofPlan }) => !ofPlan) ? [[faint('  █ the plan   ▒ undo, or finding out')]] : []),
  ]
}

function barsOf(situation: Situation): Bar[] {
  const bars: Bar[] = []
  const shared = new Map<string, { bar: Bar; calls: number }>()
  for (const call of situation.calls.values()) {
    const bar = barOf(call, situation)
    if (!bar) continue
    const list = longListOf(call, situation)
    const key = JSON.stringify([list, call.tool, call.outcome?.status])
    const known = list === undefined ? undefined : shared.get(key)
    if (known) {
      known.calls += 1
      known.bar.from = Math.min(known.bar.from, bar.from)
      known.bar.to = Math.max(known.bar.to, bar.to)
      known.bar.title = `${call.server}.${call.tool} × ${known.calls}`
    } else {
      bars.push(bar)
      if (list !== undefined) shared.set(key, { bar, calls: 1 })
    }
  }
  return bars
}

function barOf(call: CallState, situation: Situation): Bar | undefined {
  const { started_at, settled_at, outcome, purpose, inherited } = call
  // What a fork inherits ran before it.
  if (inherited || started_at === undefined || settled_at === undefined) return undefined
  return {
    mark: markOf(outcome),
    title: callLabel(call, situation),
    from: Date.parse(started_at),
    to: Date.parse(settled_at),
    ofPlan: purpose === 'task',
  }
}

/** The task whose list is too long for a bar each. */
function longListOf({ task_id }: CallState, { tasks }: Situation): string | undefined {
  const list = tasks.get(tasks.get(task_id)?.item_of ?? '')
  return list && (list.items ?? 0) > mostOfList ? list.id : undefined
}
