/** Knows whether something is being worked with, and when that is over. */
export interface InUse {
  during<Result>(work: () => Promise<Result>): Promise<Result>
  /** Resolves once nothing is under way. */
  over(): Promise<void>
}

export function inUse(): InUse {
  let underWay = 0
  let idle = Promise.withResolvers<void>()
  idle.resolve()
  return {
    async during(work) {
      if (underWay === 0) idle = Promise.withResolvers()
      underWay += 1
      try {
        return await work()
      } finally {
        underWay -= 1
        if (underWay === 0) idle.resolve()
      }
    },
    async over() {
      while (underWay > 0) await idle.promise
    },
  }
}
