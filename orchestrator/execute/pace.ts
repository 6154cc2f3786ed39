import type { Readable } from 'node:stream'

/** Keeps one stream from taking all of this process: what it may deliver over time is bounded. */
export interface Pace {
  /** Counts what was delivered. Beyond what is free the stream is paused until it is paid off, and its writer has to wait. */
  spend(cost: number): void
  stop(): void
}

const windowMs = 100

/** `budget` is what may be spent in each tenth of a second; as much may be saved up. */
export function paceStream(stream: Pick<Readable, 'pause' | 'resume'>, budget: number): Pace {
  let free = budget
  let countedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  return {
    spend(cost) {
      const now = performance.now()
      free = Math.min(budget, free + ((now - countedAt) / windowMs) * budget) - cost
      countedAt = now
      if (free >= 0 || timer) return
      stream.pause()
      timer = setTimeout(
        () => {
          timer = undefined
          stream.resume()
        },
        Math.ceil((-free / budget) * windowMs),
      )
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
