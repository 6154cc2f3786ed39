import { between, duration, elapsed } from '../text/duration.ts'
import { block, cutLine, faint, type Line, spread } from '../text/line.ts'
import { Lanes } from './lanes.ts'

const timeColumns = 9

/** The left edge of a story: the instant of each line, and the lanes of the calls in flight. Every line fits the columns. */
export class Timeline {
  readonly columns: number
  readonly lanes = new Lanes(1)
  private readonly startedAt: string

  constructor(columns: number, startedAt: string) {
    this.columns = columns
    this.startedAt = startedAt
  }

  line(at: string, content: Line, gutter = this.lanes.draw()): Line {
    return cutLine(this.left(at, content, gutter), this.columns)
  }

  /** A line that ends with how long something took. */
  took(from: string, to: string, at: string, content: Line, gutter = this.lanes.draw()): Line {
    return spread(this.left(at, content, gutter), [duration(between(from, to))], this.columns)
  }

  /** Sentences below a line; with `brief` the start of the first alone. */
  details(texts: readonly string[], { brief = false } = {}): Line[] {
    const first: Line = [' '.repeat(timeColumns + 1), this.lanes.draw(), '   ']
    if (!brief) return texts.flatMap((text) => block(first, text, this.columns))
    return texts.slice(0, 1).map((text) => cutLine([...first, text.replace(/\s+/g, ' ')], this.columns))
  }

  private left(at: string, content: Line, gutter: string): Line {
    return [faint(elapsed(between(this.startedAt, at)).padStart(timeColumns)), ' ', gutter, ' ', ...content]
  }
}
