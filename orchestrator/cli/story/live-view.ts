import type { Terminal } from '../terminal.ts'
import { duration } from '../text/duration.ts'
import { faint, type Line, name, paint } from '../text/line.ts'
import { cut } from '../text/width.ts'
import { progressText, type RunningCall } from './story.ts'

const frameMs = 100
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
    return this.running().map(({ label, since, progress }) => {
      const text = `${label}  ${duration(this.terminal.now() - since)}${progress ? `  ${progressText(progress)}` : ''}`
      return ['  ', name(frames[this.frame] ?? ''), ' ', faint(cut(text, room - 4))]
    })
  }

  /** Up to the start of the block, and everything below it cleared. */
  private erased(): string {
    return this.drawn === 0 ? '' : `\u001b[${this.drawn}A\u001b[0J`
  }
}
