import type { Service } from '../service.ts'
import { type Frame, RunFollower } from './run-follower.ts'

/** One listener's place in a run. */
export interface Feed {
  /** What comes next; nothing where a while has passed or the signal aborts, and undefined once the run has ended. */
  next(withinMs: number, signal: AbortSignal): Promise<readonly Frame[] | undefined>
  /** True where the run has ended and the listener has seen all of it. */
  isOver(): boolean
  close(): void
}

interface Followed {
  follower: RunFollower
  listeners: number
  /** Settles once the run was read for the first time. */
  read: Promise<void>
}

/** How often a run that is followed is looked at, should a notice have been lost. */
const lookMs = 5_000

/** The runs that somebody in this process listens to: each is read once, however many listen. */
export class RunFollowers {
  private readonly service: Pick<Service, 'readEvents'>
  private readonly followed = new Map<string, Followed>()
  private looking: NodeJS.Timeout | undefined

  constructor(service: Pick<Service, 'readEvents' | 'onGrowth'>) {
    this.service = service
    service.onGrowth((runId, seq) => {
      if (runId === undefined) this.lookAtAll()
      else this.refresh(runId, seq)
    })
  }

  /** How many listen, and to how many runs. */
  get counts(): { listeners: number; runs: number } {
    const listeners = [...this.followed.values()].reduce((sum, one) => sum + one.listeners, 0)
    return { listeners, runs: this.followed.size }
  }

  /** A listener to a run of the tenant who has seen it up to a place. Undefined where the run has no such place. */
  async follow(tenant: string, runId: string, seen: number): Promise<Feed | undefined> {
    const entry = this.followed.get(runId) ?? this.start(tenant, runId, seen)
    entry.listeners += 1
    const close = once(() => this.leave(runId))
    try {
      await entry.read
      // Another process may have shown the listener what was not read here yet.
      if (entry.follower.end < seen) await entry.follower.refresh()
      if (entry.follower.end >= seen) return feedOf(entry.follower, seen, close)
    } catch (error) {
      close()
      throw error
    }
    close()
    return undefined
  }

  private start(tenant: string, runId: string, seen: number): Followed {
    // What was seen last says whether the run has ended.
    const follower = new RunFollower(
      (after, limit) => this.service.readEvents(tenant, runId, { after, limit }),
      Math.max(0, seen - 1),
    )
    // Others may have joined by then: a place that is none is the fault of one of them alone.
    const read = follower.refresh().then(() => (follower.end < seen ? follower.restart() : undefined))
    const entry = { follower, listeners: 0, read }
    this.followed.set(runId, entry)
    this.looking ??= setInterval(() => this.lookAtAll(), lookMs).unref()
    return entry
  }

  private leave(runId: string): void {
    const entry = this.followed.get(runId)
    if (!entry) return
    entry.listeners -= 1
    if (entry.listeners > 0) return
    this.followed.delete(runId)
    if (this.followed.size > 0) return
    clearInterval(this.looking)
    this.looking = undefined
  }

  private lookAtAll(): void {
    for (const runId of this.followed.keys()) this.refresh(runId)
  }

  /** A record that is away is looked at again soon; listeners wait meanwhile. */
  private refresh(runId: string, seq?: number): void {
    void this.followed
      .get(runId)
      ?.follower.refresh(seq)
      .catch(() => {})
  }
}

function feedOf(follower: RunFollower, seen: number, close: () => void): Feed {
  let place = seen
  return {
    async next(withinMs, signal) {
      if (follower.isOver(place)) return undefined
      if (follower.end <= place) await follower.grown(place, withinMs, signal)
      const frames = await follower.after(place)
      place = frames.at(-1)?.seq ?? place
      return frames
    },
    isOver: () => follower.isOver(place),
    close,
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}
