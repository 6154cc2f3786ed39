import type { Readable } from 'node:stream'

/** Keeps one stream from taking all of this process: what it may deliver in a window of time is bounded. */
export interface Pace {
  /** Counts what was delivered; beyond the budget the stream is paused until the window ends, and its writer has to wait. */
  spend(cost: number): void
  stop(): void
}

const windowMs = 100

/** `budget` is what may be spent in each tenth of a second. */
export function paceStream(stream: Pick<Readable, 'pause' | 'resume'>, budget: number): Pace {
  let spent = 0
  let windowEnds = 0
  let timer: NodeJS.Timeout | undefined
  return {
    spend(cost) {
      const now = performance.now()
      if (now >= windowEnds) {
        spent = 0
        windowEnds = now + windowMs
      }
      spent += cost
      if (spent <= budget || timer) return
      stream.pause()
      timer = setTimeout(() => {
        timer = undefined
        stream.resume()
      }, windowEnds - now)
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
