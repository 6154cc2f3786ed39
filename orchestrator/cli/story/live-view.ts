import type { Terminal } from '../terminal.ts'
import { duration } from '../text/duration.ts'
import { faint, type Line, name, paint } from '../text/line.ts'
import { cut } from '../text/width.ts'
import type { RunningCall } from './in-flight.ts'
import { progressText } from './progress-text.ts'

const frameMs = 100
/** A block that is higher than the screen could not be drawn again. */
const mostRows = 12
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * Appends lines, and on a screen keeps a block below them that shows what is running this moment. Where stdout is not a
 * screen only the lines are written. Close it whatever happens: its timer stops and the block goes away.
 */
export class LiveView {
  private readonly terminal: Terminal
  private readonly colors: boolean
  private readonly running: () => RunningCall[]
  private timer: NodeJS.Timeout | undefined
  private drawn = 0
  private frame = 0

  constructor(terminal: Terminal, colors: boolean, running: () => RunningCall[]) {
    this.terminal = terminal
    this.colors = colors
    this.running = running
    this.timer = terminal.isTTY ? setInterval(() => this.append([]), frameMs).unref() : undefined
  }

  append(lines: readonly Line[]): void {
    const text = lines.map((line) => `${paint(line, this.colors)}\n`).join('')
    const block = this.timer ? this.block() : []
    const written = this.erased() + text + block.map((line) => `${paint(line, this.colors)}\n`).join('')
    this.drawn = block.length
    if (written !== '') this.terminal.stdout(written)
  }

  close(): void {
    clearInterval(this.timer)
    this.timer = undefined
    const erased = this.erased()
    this.drawn = 0
    if (erased !== '') this.terminal.stdout(erased)
  }

  private block(): Line[] {
    this.frame = (this.frame + 1) % frames.length
    const room = this.terminal.columns - 1
    const running = this.running()
    const more = running.length - mostRows
    const rows = running.slice(0, mostRows).map((call): Line => {
      const text = cut(`${call.label}  ${this.stateOf(call)}`, room - 4)
      return ['  ', name(frames[this.frame] ?? ''), ' ', faint(text)]
    })
    return more > 0 ? [...rows, [faint(`    and ${more} more`)]] : rows
  }

  private stateOf({ since, until, progress }: RunningCall): string {
    const now = this.terminal.now()
    if (until !== undefined) return `again in ${duration(until - now)}`
    return `${duration(now - since)}${progress ? `  ${progressText(progress)}` : ''}`
  }

  /** Up to the start of the block, and everything below it cleared. */
  private erased(): string {
    return this.drawn === 0 ? '' : `\u001b[${this.drawn}A\u001b[0J`
  }
}
