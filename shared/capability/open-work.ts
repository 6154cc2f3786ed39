/** Counts what is under way. */
export interface Work {
  readonly count: number
  /** Something started; what it returns says, once, that it ended. */
  start(): () => void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export function openWork(): Work {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    get count() {
      return count
    },
    start() {
      let ended = false
      count += 1
      return () => {
        if (ended) return
        ended = true
        count -= 1
        if (count > 0) return
        for (const resolve of waiting) resolve()
        waiting = []
      }
    },
    idle() {
      if (count === 0) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}
