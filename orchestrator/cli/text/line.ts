import picocolors from 'picocolors'
import { printable } from './printable.ts'
import { cut, displayWidth, wrap } from './width.ts'

/** What a piece of text is, not what colour it has. Nothing is ever said by style alone: screens can be black and white. */
export type Style = 'heading' | 'faint' | 'good' | 'bad' | 'doubtful' | 'name'

export interface Span {
  text: string
  style: Style
}

/** One line of output, before it is made fit for a terminal. */
export type Line = readonly (string | Span)[]

export const heading = (text: string): Span => ({ text, style: 'heading' })
export const faint = (text: string): Span => ({ text, style: 'faint' })
export const good = (text: string): Span => ({ text, style: 'good' })
export const bad = (text: string): Span => ({ text, style: 'bad' })
export const doubtful = (text: string): Span => ({ text, style: 'doubtful' })
export const name = (text: string): Span => ({ text, style: 'name' })

/** How many columns a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((width, span) => width + displayWidth(typeof span === 'string' ? span : span.text), 0)
}

/** The line cut to a number of columns, with `…` where something is missing. */
export function cutLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line
  const kept: (string | Span)[] = []
  let room = columns
  for (const span of line) {
    const text = typeof span === 'string' ? span : span.text
    if (displayWidth(text) < room) {
      kept.push(span)
      room -= displayWidth(text)
      continue
    }
    // The mark is added first: a text that would just fit has to make room for it.
    const part = cut(`${text}…`, room)
    return [...kept, typeof span === 'string' ? part : { ...span, text: part }]
  }
  return kept
}

/** `left`, then `right` at the right edge of `columns`; `left` is cut where there is no room for both. */
export function spread(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right) - 1
  if (lineWidth(left) > room) return [...cutLine(left, room), ' ', ...right]
  return [...left, ' '.repeat(Math.max(1, columns - lineWidth(left) - lineWidth(right))), ...right]
}

/** A paragraph whose first line starts with `first` and whose others are indented as far. */
export function paragraph(first: Line, text: string, columns: number, style?: Style): Line[] {
  const indent = lineWidth(first)
  const lines = wrap(text, Math.max(20, columns - indent))
  if (lines.length === 0) return [first]
  return lines.map((line, index) => [
    ...(index === 0 ? first : [' '.repeat(indent)]),
    style ? { text: line, style } : line,
  ])
}

/** A paragraph each of whose lines starts with `first`. */
export function block(first: Line, text: string, columns: number, style?: Style): Line[] {
  return paragraph([], text, columns - lineWidth(first), style).map((line) => [...first, ...line])
}

/**
 * The line as a terminal gets it. This is the one place where text becomes output: whatever came from outside is made
 * printable here, before the only escapes that are ours are put round it.
 */
export function paint(line: Line, colors: boolean): string {
  const styles = stylesOf(colors)
  return line
    .map((span) => (typeof span === 'string' ? printable(span) : styles[span.style](printable(span.text))))
    .join('')
    .trimEnd()
}

function stylesOf(colors: boolean): Record<Style, (text: string) => string> {
  const { bold, dim, green, red, yellow, cyan } = picocolors.createColors(colors)
  return { heading: bold, faint: dim, good: green, bad: red, doubtful: yellow, name: cyan }
}
