import type { ShownEvent } from '../../model/listed.ts'

/** An event as it goes to a listener. */
export interface Frame {
  seq: number
  type: string
  text: string
}

/** Reads up to a page of the run's events after a place. */
export type ReadEvents = (after: number, limit: number) => Promise<ShownEvent[]>

/** How many events one query reads, and how many are kept at hand for listeners that are behind. */
const pageSize = 500
const mostKept = 1_000

/**
 * Reads what one run's record grows by, once for all that listen. Places in the record have no gaps and are stored in order,
 * so that who asks for what is after a place misses nothing and gets nothing twice.
 */
export class RunFollower {
  private readonly read: ReadEvents
  private readonly waiting = new Set<() => void>()
  private frames: Frame[] = []
  /** `frames` begins after this place. */
  private from: number
  private wanted = 0
  private reading: Promise<void> | undefined

  constructor(read: ReadEvents, from: number) {
    this.read = read
    this.from = from
  }

  /** The last place that is known. */
  get end(): number {
    return this.frames.at(-1)?.seq ?? this.from
  }

  /** True where the run has ended, and who is at `seq` has it all. */
  isOver(seq: number): boolean {
    return seq >= this.end && this.frames.at(-1)?.type === 'run_finished'
  }

  /** The events after a place, some of them at least where there are any. */
  async after(seq: number): Promise<readonly Frame[]> {
    if (seq < this.from) return (await this.read(seq, pageSize)).map(toFrame)
    return this.frames.slice(seq - this.from, seq - this.from + pageSize)
  }

  /** Begins anew: where it began was no place of the run. Rejects where the record could not be read. */
  restart(): Promise<void> {
    this.from = 0
    this.frames = []
    this.wanted = 0
    return this.refresh()
  }

  /** The run may have grown, up to `seq` where that is known. Rejects where the record could not be read. */
  refresh(seq = this.end + 1): Promise<void> {
    this.wanted = Math.max(this.wanted, seq)
    if (this.wanted <= this.end) return Promise.resolve()
    this.reading ??= this.readOn().finally(() => {
      this.reading = undefined
    })
    return this.reading
  }

  /** Resolves once there is something after a place, a while has passed, or the signal aborts. */
  grown(seq: number, withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.end > seq) return resolve()
      const done = () => {
        clearTimeout(timer)
        this.waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      this.waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const wanted = this.wanted
      const events = await this.read(this.end, pageSize)
      this.keep(events.map(toFrame))
      if (events.length > 0) for (const wake of [...this.waiting]) wake()
      // A notice may tell of more while this was read; what was not there by then is for the next notice.
      const more = events.length === pageSize || (this.wanted > wanted && this.wanted > this.end)
      if (!more) break
    }
    this.wanted = Math.min(this.wanted, this.end)
  }

  private keep(frames: readonly Frame[]): void {
    this.frames = [...this.frames, ...frames]
    const { seq = this.from } = this.frames.at(-mostKept - 1) ?? {}
    this.from = seq
    this.frames = this.frames.slice(-mostKept)
  }
}

function toFrame({ seq, type, ...event }: ShownEvent): Frame {
  return { seq, type, text: `id: ${seq}\ndata: ${JSON.stringify({ seq, type, ...event })}\n\n` }
}
