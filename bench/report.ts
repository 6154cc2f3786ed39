import { paint } from '../orchestrator/cli/text/line.ts'
import { type Column, table } from '../orchestrator/cli/text/table.ts'

/** What a part of the bench found. */
export interface Report {
  tables: Table[]
  bars: Bar[]
  /** Why the part measured nothing, or not all. */
  skipped?: string
}

/** Rows have the same keys: the titles of the columns. */
export interface Table {
  title: string
  rows: Record<string, string | number>[]
  /** How to read it, where the columns do not say. */
  note?: string
}

/** What a measurement is held against. */
export interface Bar {
  what: string
  measured: number
  sense: 'at most' | 'at least'
  limit: number
}

/** True where the measurement is on the right side of its limit. */
export function isMet({ measured, sense, limit }: Bar): boolean {
  return sense === 'at most' ? measured <= limit : measured >= limit
}

/** The report as text for a terminal or a file. */
export function textOf({ tables, skipped }: Report): string {
  const blocks = tables.map(({ title, rows, note }) => [title, ...linesOf(rows), ...(note ? [note] : [])].join('\n'))
  if (skipped !== undefined) blocks.push(`Skipped: ${skipped}`)
  return `${blocks.join('\n\n')}\n`
}

/** The bars of all parts, one a line. */
export function textOfBars(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => ({
    bar: bar.what,
    measured: bar.measured,
    '': `${bar.sense} ${bar.limit}`,
    met: isMet(bar) ? 'met' : 'NOT MET',
  }))
  return `${['Bars', ...linesOf(rows)].join('\n')}\n`
}

function linesOf(rows: Table['rows']): string[] {
  const [first] = rows
  if (!first) return []
  const columns = Object.entries(first).map(
    ([title, value]): Column => ({ title, align: typeof value === 'number' ? 'right' : 'left' }),
  )
  const cells = rows.map((row) => columns.map(({ title }) => textOfValue(row[title] ?? '')))
  return table(columns, cells).map((line) => paint(line, false))
}

/** Three figures are all that a measurement here is worth. */
function textOfValue(value: string | number): string {
  if (typeof value === 'string') return value
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}
