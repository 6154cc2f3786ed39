import { faint, heading, type Line } from './line.ts'
import { cut, displayWidth, padEnd, padStart } from './width.ts'

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** Never cut: people copy it. */
  whole?: boolean
}

const gap = '  '
/** No column is cut below this, however narrow the screen is. */
const narrowest = 8

/** Rows under aligned titles. With `fit`, the widest columns are cut until a row has at most so many columns of the terminal. */
export function table(columns: readonly Column[], rows: readonly string[][], fit?: number): Line[] {
  const natural = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  )
  const widths = fit === undefined ? natural : fitted(natural, columns, fit)
  const cells = (row: readonly string[]) =>
    columns.map(({ align }, index) => {
      const width = widths[index] ?? 0
      const text = cut(row[index] ?? '', width)
      return align === 'right' ? padStart(text, width) : padEnd(text, width)
    })
  return [
    [heading(cells(columns.map(({ title }) => title)).join(gap))],
    [faint(widths.map((width) => '─'.repeat(width)).join(gap))],
    ...rows.map((row) => [cells(row).join(gap)]),
  ]
}

function fitted(natural: readonly number[], columns: readonly Column[], available: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1))
  while (total() > available) {
    const cuttable = widths.map((each, index) => (columns[index]?.whole ? 0 : each))
    const widest = cuttable.indexOf(Math.max(...cuttable))
    const width = cuttable[widest]
    if (width === undefined || width <= narrowest) break
    widths[widest] = width - 1
  }
  return widths
}
